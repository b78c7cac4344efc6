"""Puts the page together and writes it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pandas as pd

import fakeloc_tf
from fakeloc_tf.data import dataset
from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.evaluation.page import headline
from fakeloc_tf.evaluation.page.cases import Cases, choose_cases, positions
from fakeloc_tf.evaluation.page.confusion import confusions
from fakeloc_tf.evaluation.page.curves import curve_panels
from fakeloc_tf.evaluation.page.pictures import CasePicture, case_pictures
from fakeloc_tf.evaluation.page.robustness import RobustnessPart, robustness_part
from fakeloc_tf.evaluation.tables import LEGEND, TITLES
from fakeloc_tf.files import write_text
from fakeloc_tf.models.scorer import Scorer
from fakeloc_tf.pages import environment

FILE = "report.html"


@dataclass(frozen=True)
class Evaluated:
    """What the page is made from.

    Attributes:
        metrics: as `metrics.json` has them.
        rows: as `predictions.parquet` has them.
        methods: as `table_methods.csv` has them.
        reliability_svg: the diagram.
        robustness: of the same model and records.
        demo: the run is one of the demo set.
    """

    metrics: Mapping[str, Any]
    rows: pd.DataFrame
    methods: pd.DataFrame
    reliability_svg: bytes
    robustness: RobustnessPart
    demo: bool


def write_page(
    folder: Path,
    metrics: Mapping[str, Any],
    rows: pd.DataFrame,
    methods: pd.DataFrame,
    *,
    run: Path,
    records: Path,
    score: Scorer,
    image_size: int,
    demo: bool,
) -> None:
    """Writes `report.html`: whole, or not at all.

    Args:
        folder: of the evaluation; its `reliability.svg` is there already.
        metrics, rows, methods: of the evaluation.
        run: folder of the run.
        records: prepared folder; only faces that are shown are decoded.
        score: see `models.scorer.as_scorer`.
        image_size: side S of the model's input.
        demo: the run is one of the demo set.

    Raises:
        FakelocError: the records or a kept result are broken.
    """
    split = metrics["split"]
    evaluated = Evaluated(
        metrics,
        rows,
        methods,
        (folder / "reliability.svg").read_bytes(),
        robustness_part(run, records, split, metrics["sha256"]),
        demo,
    )
    groups = choose_cases(rows)
    with dataset.explain_broken_records(records, split):
        source = RecordSource(records, split)
        pictures = case_pictures(source, positions(groups), score, image_size)
    write_text(folder / FILE, page_html(evaluated, groups, pictures))


def page_html(
    evaluated: Evaluated,
    groups: Sequence[Cases],
    pictures: Mapping[int, CasePicture],
) -> str:
    """The page.

    Args:
        evaluated: what was measured.
        groups: of `choose_cases`.
        pictures: of their faces, by position.
    """
    metrics, rows = evaluated.metrics, evaluated.rows
    real = rows.loc[rows["label"] == 0, "method"]
    threshold = headline.threshold_of(metrics)
    template = environment("fakeloc_tf.evaluation").get_template("report.html")
    return template.render(
        metrics=metrics,
        demo=evaluated.demo,
        warnings=headline.warnings(metrics),
        tiles=headline.tiles(metrics, real.iloc[0] if len(real) else None),
        threshold=threshold,
        threshold_source=headline.threshold_source(metrics),
        panels=curve_panels(
            rows["label"].to_numpy() == 1, rows["probability"].to_numpy(), threshold
        ),
        groups=groups,
        pictures=pictures,
        titles={name: t for name, t in TITLES.items() if name in evaluated.methods},
        methods=evaluated.methods.astype(object)
        .where(evaluated.methods.notna(), None)
        .to_dict("records"),
        legend=LEGEND,
        confusions=confusions(rows, threshold),
        reliability_svg=evaluated.reliability_svg,
        robustness=evaluated.robustness,
        version=fakeloc_tf.__version__,
        made=datetime.now(UTC).strftime("%Y-%m-%d %H:%M UTC"),
        picture_bytes=sum(
            len(p.face_jpeg) + len(p.overlay_png) for p in pictures.values()
        ),
    )
