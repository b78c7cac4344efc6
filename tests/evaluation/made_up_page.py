"""A page of an evaluation whose numbers are drawn."""

import made_up

from fakeloc_tf.evaluation.method_table import method_table
from fakeloc_tf.evaluation.page.cases import choose_cases, positions
from fakeloc_tf.evaluation.page.pictures import CasePicture
from fakeloc_tf.evaluation.page.robustness import RobustnessPart
from fakeloc_tf.evaluation.page.write import Evaluated, page_html
from fakeloc_tf.evaluation.reliability import reliability_metrics
from fakeloc_tf.evaluation.summary import summarise

THRESHOLD = 0.6
KNOWN = {"known": True, "in_split": 9}
HASHES = {"records": {"test": "aa"}, "model": "bb", "config": "cc"}


def protocol(optimistic=False, trained=0, other=None):
    people = KNOWN | {"shared_with_training": trained, "shared_with_validation": 0}
    return {
        "people": people,
        "chosen_on": {"checkpoint": None, "threshold": None},
        "other_preparation": other or {},
        "optimistic": optimistic,
    }


def made_up_rows():
    rows = made_up.made_up_predictions()
    true, both, either = (rows[n] for n in ("true_pixels", "intersection", "union"))
    rows["iou"] = (both / either).where(rows["mask_valid"])
    rows["predicted_fraction"] = (either - true + both) / rows["pixels"]
    return rows


def measured(rows, **changes):
    head = {"run": "r", "dataset": "d", "split": "test"}
    metrics = head | summarise(rows, THRESHOLD, resamples=20)
    metrics |= reliability_metrics(rows, None) | {"sha256": HASHES}
    return metrics | {"protocol": protocol()} | changes


def made_up_page(rows, demo=False, robustness=None, **changes):
    evaluated = Evaluated(
        measured(rows, **changes),
        rows,
        method_table(rows, THRESHOLD, resamples=20),
        b"<svg/>",
        robustness or RobustnessPart("fakeloc robustness", "Not measured yet."),
        demo,
    )
    groups = choose_cases(rows)
    pictures = {i: CasePicture(b"jpeg", b"png") for i in positions(groups)}
    return page_html(evaluated, groups, pictures)
