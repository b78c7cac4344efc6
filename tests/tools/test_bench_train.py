"""The benchmark of the training step: what it counts, and that it runs."""

import bench_train
import pytest
import tensorflow as tf
import train_memory
from rich.console import Console

KILOBYTES = 1024 / train_memory.MEGABYTE


def graph_of(function, *shapes):
    specs = [tf.TensorSpec(shape, tf.float32) for shape in shapes]
    return tf.function(function, autograph=False).get_concrete_function(*specs).graph


def test_memory_of_a_chain_is_two_neighbours():
    """256 float32 are 1 KB; a tensor is freed after its last use."""
    graph = graph_of(lambda x: tf.sin(tf.cos(tf.exp(x))), [256])
    assert train_memory.graph_megabytes(graph) == pytest.approx(2 * KILOBYTES)


def test_memory_of_what_is_needed_later_stays():
    def keeps_the_first(x):
        first = tf.exp(x)
        return first + tf.sin(tf.cos(first))

    graph = graph_of(keeps_the_first, [256])
    assert train_memory.graph_megabytes(graph) == pytest.approx(3 * KILOBYTES)


def test_views_take_no_memory():
    graph = graph_of(lambda x: tf.sin(tf.reshape(tf.exp(x), [16, 16])), [256])
    assert train_memory.graph_megabytes(graph) == pytest.approx(2 * KILOBYTES)


def test_unknown_shapes_are_refused():
    graph = graph_of(tf.exp, [None])
    with pytest.raises(ValueError, match="shape of Exp"):
        train_memory.graph_megabytes(graph)


@pytest.mark.slow
def test_both_presets_are_measured_and_compared():
    setups = [
        bench_train.Setup(preset, 299, 1, "float32", "xception", 0.1)
        for preset in ("paper", "official")
    ]
    console = Console(record=True, width=100)

    console.print(bench_train.speed(setups, repeats=1))

    lines = console.export_text().splitlines()
    (paper,) = [line for line in lines if line.startswith("│ paper")]
    (official,) = [line for line in lines if line.startswith("│ official")]
    cells = [cell.strip() for cell in official.split("│")[1:-1]]
    # The reference against itself, by the clock and by processor time.
    assert cells[3] == cells[5] == "1.00"
    assert float(paper.split("│")[3]) > 0
