"""The page about a prepared data set: counts, rejects, distributions, anomalies."""

from __future__ import annotations

import base64
import io
import os
from collections import Counter
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import jinja2
import matplotlib
import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

import fakeloc_tf
from fakeloc_tf.data.records import SPLITS
from fakeloc_tf.files import write_text

BINS = 30
# Okabe and Ito's colours, told apart by colour-blind people too.
COLORS = (
    "#0072b2",
    "#d55e00",
    "#009e73",
    "#cc79a7",
    "#e69f00",
    "#56b4e9",
    "#666666",
    "#7a3e9d",
)


def write(
    folder: Path,
    facts: pd.DataFrame,
    info: dict[str, Any],
    rejected: Sequence[dict[str, str]],
    anomalies: Sequence[str],
    sheets: Sequence[Path],
) -> Path:
    """Writes `audit.html`, whole and without links to the network; its path.

    Args:
        folder: of the page.
        facts: of `face_facts.collect_facts`.
        info: `dataset.json`.
        rejected: lines of `rejected.csv`.
        anomalies: of `checks.find_anomalies`.
        sheets: contact sheets below `folder`, linked.
    """
    page = _template().render(
        info=info,
        version=fakeloc_tf.__version__,
        anomalies=anomalies,
        splits=SPLITS,
        counts=_counts(facts, info["classes"]),
        rejected=Counter((r["method"], r["reason"]) for r in rejected).most_common(),
        figures=[(title, _figure(draw, facts)) for title, draw in FIGURES.items()],
        sheets=[os.path.relpath(sheet, folder) for sheet in sheets],
    )
    path = folder / "audit.html"
    write_text(path, page)
    return path


def _template() -> jinja2.Template:
    environment = jinja2.Environment(
        loader=jinja2.PackageLoader("pipelines"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
    )
    return environment.get_template("audit.html")


def _counts(
    facts: pd.DataFrame, classes: Sequence[str]
) -> list[tuple[str, list[tuple[int, int]]]]:
    """Method -> (videos, faces) of each split, repeats included."""
    rows = []
    for method in classes:
        of_method = facts[facts["method"] == method]
        cells = [of_method[of_method["split"] == split] for split in SPLITS]
        if len(of_method):
            rows.append((method, [(c["video_id"].nunique(), len(c)) for c in cells]))
    return rows


def _figure(draw: Callable[[Axes, pd.DataFrame], None], facts: pd.DataFrame) -> str:
    """A plot as PNG in base64."""
    with matplotlib.rc_context({"font.size": 9}):
        figure = Figure(figsize=(5.2, 3.2), layout="constrained")
        axes = figure.subplots()
        draw(axes, facts[facts["repeat"] == 0])
        axes.spines[["top", "right"]].set_visible(False)
        data = io.BytesIO()
        figure.savefig(data, dpi=130)
    return base64.b64encode(data.getvalue()).decode()


def _histograms(
    axes: Axes, groups: dict[str, pd.Series], label: str, what: str = "faces"
) -> None:
    """Outlines of the methods' histograms over the same bins, as shares."""
    groups = {name: values for name, values in groups.items() if len(values)}
    if not groups:
        axes.text(0.5, 0.5, "none", ha="center")
        return
    edges = np.histogram_bin_edges(pd.concat(list(groups.values())), BINS).tolist()
    for (name, values), colour in zip(groups.items(), COLORS * 9, strict=False):
        weights = np.full(len(values), 1 / len(values))
        axes.hist(
            values, edges, weights=weights, histtype="step", label=name, color=colour
        )
    axes.set(xlabel=label, ylabel=f"share of {what}")
    axes.legend(frameon=False, fontsize=8)


def _by_method(column: str, label: str) -> Callable[[Axes, pd.DataFrame], None]:
    def draw(axes: Axes, facts: pd.DataFrame) -> None:
        groups = dict(iter(facts.groupby("method")[column]))
        _histograms(axes, groups, label)

    return draw


def _faces_per_video(axes: Axes, facts: pd.DataFrame) -> None:
    per_video = facts.groupby(["method", "video_id"]).size()
    groups = {m: rows for m, rows in per_video.groupby(level="method")}
    _histograms(axes, groups, "faces of a video", "videos")


def _mask_shares(axes: Axes, facts: pd.DataFrame) -> None:
    fakes = facts[(facts["label"] == 1) & (facts["mask_valid"] == 1)]
    groups = dict(iter(fakes.groupby("method")["mask_share"]))
    _histograms(axes, groups, "share of the crop that is manipulated")


def _noise_scatter(axes: Axes, facts: pd.DataFrame) -> None:
    for (name, rows), colour in zip(facts.groupby("method"), COLORS * 9, strict=False):
        shown = rows.sample(min(len(rows), 2000), random_state=0)
        axes.scatter(
            shown["noise_mean"],
            shown["noise_variance"],
            s=4,
            alpha=0.5,
            color=colour,
            label=name,
        )
    axes.set(xlabel="mean of |W| in grey levels", ylabel="variance of |W|")
    axes.legend(frameon=False, fontsize=8, markerscale=3)


FIGURES: dict[str, Callable[[Axes, pd.DataFrame], None]] = {
    "Faces of a video": _faces_per_video,
    "Size of the crop": _by_method("box_side", "side in pixels of the frame"),
    "Score of the face detector": _by_method("face_score", "score"),
    "Area of the masks": _mask_shares,
    "Noise of each face (Fig. 3)": _noise_scatter,
    "Mean noise": _by_method("noise_mean", "mean of |W| in grey levels"),
}
