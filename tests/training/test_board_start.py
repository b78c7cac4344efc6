"""What TensorBoard is told once: the config, HParams and the graph."""

import itertools

import tensorflow as tf
import yaml
from board_stand_in import (
    points,
)
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata as hparams_metadata

from fakeloc_tf import config
from fakeloc_tf.models.detector import build_detector
from fakeloc_tf.training.board import start


def test_the_config_is_a_code_block(run):
    ((step, text),) = points(run[0])[start.CONFIG_TAG]
    shown = tf.make_ndarray(text).item().decode()
    assert step == 0
    assert shown.startswith("```yaml\n") and shown.endswith("\n```")
    assert yaml.safe_load(shown[8:-4])["loss"]["noise"] == 0.25


def test_hparams_compare_runs_by_config_and_validation_results(run):
    accumulator = EventAccumulator(str(run[0])).Reload()

    def content(tag):
        return accumulator.SummaryMetadata(tag).plugin_data.content

    session = hparams_metadata.parse_session_start_info_plugin_data(
        content(hparams_metadata.SESSION_START_INFO_TAG)
    )
    assert session.group_name == "toy/step2"
    assert session.hparams["loss.noise"].number_value == 0.25
    assert session.hparams["loss.balance"].bool_value is False
    assert session.hparams["loss.mask_maps"].string_value == "1.0, 1.0, 1.0"
    assert session.hparams["training.ema"].string_value == "None"
    assert session.hparams["changes"].string_value == "loss.noise=0.25"
    experiment = hparams_metadata.parse_experiment_plugin_data(
        content(hparams_metadata.EXPERIMENT_TAG)
    )
    assert {m.name.tag for m in experiment.metric_infos} == {
        "validation/auc",
        "validation/iou",
        "validation/loss",
    }
    assert {h.name for h in experiment.hparam_infos} == set(session.hparams)
    opened = {h.name for h in experiment.hparam_infos if h.differs}
    assert opened == {"changes", "step", "loss.noise"}


def test_the_graph_opens_with_the_parts_of_the_detector():
    settings = config.load(
        None,
        (
            "model.image_size=64",
            "model.backbone.width=0.1",
            "model.backbone.weights=none",
        ),
    )
    graph = start.model_graph(build_detector(settings.model))
    names = {node.name for node in graph.node}
    outermost = {name.split("/")[0] for name in names}
    for part in ("image", "backbone", "semantic_deep", "noise_deep", "classifier"):
        assert any(name.startswith(part) for name in outermost), part
    assert not any(name.startswith("fakeloc") for name in outermost)
    sources = itertools.chain.from_iterable(node.input for node in graph.node)
    assert {source.lstrip("^").split(":")[0] for source in sources} <= names
