"""Runs over seeds: hand-computed means, spreads and differences."""

import numpy as np
import pandas as pd
import pytest

from fakeloc_tf.evaluation.seeds import difference, over_seeds

RUNS = pd.DataFrame(
    {
        "row": ["b", "a", "b", "a", "c"],
        "auc": [0.80, 0.70, 0.90, 0.74, 0.85],
        "iou": [0.5, np.nan, 0.7, np.nan, 0.6],
    }
)


def test_mean_and_spread_by_hand():
    table = over_seeds(RUNS, "row", ["auc", "iou"], ["a", "d", "c", "b"])
    assert list(table.index) == ["a", "c", "b"]
    assert list(table["runs"]) == [2, 1, 2]
    assert table.loc["b", "auc_mean"] == pytest.approx(0.85)
    assert table.loc["b", "auc_min"] == 0.80
    assert table.loc["b", "auc_max"] == 0.90
    # Of the sample: sqrt((0.05² + 0.05²) / 1).
    assert table.loc["b", "auc_std"] == pytest.approx(0.05 * 2**0.5)
    assert np.isnan(table.loc["c", "auc_std"])
    assert np.isnan(table.loc["a", "iou_mean"])


def test_a_difference_exceeds_the_spread_if_no_run_is_on_the_other_side():
    clear = difference(RUNS, "row", "auc", "a", "b")
    assert clear.means == pytest.approx(0.13)
    assert clear.exceeds_spread is True
    # 0.80 of b lies below 0.82 of a.
    mixed = RUNS.assign(auc=[0.80, 0.70, 0.90, 0.82, 0.85])
    assert difference(mixed, "row", "auc", "a", "b").exceeds_spread is False


def test_a_clear_difference_against_the_order_exceeds_the_spread_too():
    against = difference(RUNS, "row", "auc", "b", "a")
    assert against.means == pytest.approx(-0.13)
    assert against.exceeds_spread is True


def test_one_run_has_no_spread_and_none_no_difference():
    assert difference(RUNS, "row", "auc", "a", "c").exceeds_spread is None
    assert difference(RUNS, "row", "auc", "a", "d") is None
    assert difference(RUNS, "row", "iou", "a", "b") is None
