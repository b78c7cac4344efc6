import io

import numpy as np
import pandas as pd
from made_up import made_up_predictions
from rich.console import Console

from fakeloc_tf.evaluation.method_table import method_table
from fakeloc_tf.evaluation.summary import summarise
from fakeloc_tf.evaluation.tables import (
    markdown,
    metrics_markdown,
    terminal_table,
    with_interval,
)


def test_intervals_stand_in_brackets():
    values = {"auc": 0.92149, "none": None, "plain": 0.5}
    intervals = {"auc": [0.9, 0.9451], "none": [0.1, 0.2]}
    assert with_interval(values, intervals, "auc") == "0.921 (0.900 to 0.945)"
    assert with_interval(values, intervals, "none") == "–"
    assert with_interval(values, intervals, "plain") == "0.500"
    assert with_interval(values, intervals, "unknown") == "–"


def test_the_last_row_of_the_methods_is_what_the_summary_says():
    rows = made_up_predictions()
    table = method_table(rows, 0.4, resamples=50)
    summary = summarise(rows, 0.4, resamples=50)
    last = table.iloc[-1]
    assert (last["method"], last["faces"], last["videos"]) == ("all fakes", 48, 16)
    for name in ("frame_auc", "video_auc", "iou_image_fakes", "gain_iou_image_fakes"):
        ends = [last[f"{name}_low"], last[f"{name}_high"]]
        np.testing.assert_allclose(last[name], summary[name], err_msg=name)
        np.testing.assert_allclose(ends, summary["intervals"][name], err_msg=name)


def test_a_table_has_no_columns_of_ends_but_brackets():
    table = method_table(made_up_predictions(), resamples=20)
    head, _, *lines = markdown(table).splitlines()
    assert "low" not in head and head.count("|") == lines[0].count("|")
    assert lines[0].count(" to ") == 4


def test_the_terminal_has_room_for_it():
    table = method_table(made_up_predictions(), resamples=20)
    table["method"] = ["NeuralTextures", "FaceShifter", "all fakes"]
    out = io.StringIO()
    Console(file=out, width=80).print(terminal_table(table, "made up"))
    lines = out.getvalue().splitlines()
    assert max(map(len, lines)) <= 80
    assert f"{table['iou_image_fakes'].iloc[0]:.3f}" in out.getvalue()


def test_metrics_without_a_fixed_mask_and_threshold():
    rows = made_up_predictions().drop(columns=["fixed_intersection", "fixed_union"])
    text = metrics_markdown(summarise(rows, resamples=20))
    assert "validation threshold" not in text
    line = next(
        line for line in text.splitlines() if line.startswith("| IoU, mean per")
    )
    assert line.endswith("| – | – |")
    # Eight real videos: no false positive rate of a tenth.
    tpr = next(line for line in text.splitlines() if "FPR 10%" in line)
    assert tpr.endswith("| – |") and not tpr.startswith("| TPR at FPR 10% | –")
    assert pd.notna(summarise(rows, resamples=0)["iou_pooled"])
