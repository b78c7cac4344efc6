"""Table VI: the weights γ of Eq. 8."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pandas as pd

from fakeloc_tf.evaluation.paper.evaluations import evaluate_once
from fakeloc_tf.evaluation.paper.experiments import QUALITIES, run_name
from fakeloc_tf.evaluation.paper.item import Context, Item
from fakeloc_tf.evaluation.paper.reported import paper_note, paper_value
from fakeloc_tf.evaluation.paper.tables.comparison import there
from fakeloc_tf.evaluation.paper.tables.gamma import CANDIDATES, iou_of_gammas
from fakeloc_tf.evaluation.paper.tables.page import write_table

TITLE = "Table VI: weights of the three maps"
LEGEND = (
    "IoU: of the test split, threshold 0.5, mean per image over the fakes; IoU fixed: "
    "the same of the constant mean training mask; gain: IoU above it. Chosen: the γ "
    "with the highest IoU on validation, never on test."
)


def make(context: Context) -> list[Path]:
    """Writes a row a quality and γ."""
    rows: list[dict[str, Any]] = []
    for quality in there(context, ["ours"]):
        run, records = context.runs[run_name("ours", quality)], context.records[quality]
        metrics = evaluate_once(run, records, quality).metrics
        fixed = metrics["fixed_mask_iou_image_fakes"]
        validation = iou_of_gammas(run, records, "val")
        test = iou_of_gammas(run, records, "test")
        best = max(validation, key=lambda name: validation[name])
        for name, gamma in CANDIDATES.items():
            rows.append(
                {
                    "quality": quality,
                    "weights": name,
                    "gamma": ", ".join(f"{weight:.2f}" for weight in gamma),
                    "chosen": "yes" if name == best else "",
                    "iou_validation": validation[name],
                    "iou_image_fakes": test[name],
                    "fixed_mask_iou_image_fakes": fixed,
                    "gain_iou_image_fakes": test[name] - fixed,
                    "paper_iou_image_fakes": paper_value(
                        "table6", name, quality, "iou_image_fakes"
                    ),
                }
            )
    notes = [LEGEND, paper_note("table6")]
    return write_table(context, "table6", TITLE, pd.DataFrame(rows), notes)


TABLE6 = Item(TITLE, ("ours",), QUALITIES, make)
