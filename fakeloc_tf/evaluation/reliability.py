"""How calibrated predictions are, before and after: numbers and reliability diagram."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from fakeloc_tf import metrics
from fakeloc_tf.evaluation.figure_files import save_figure
from fakeloc_tf.models.calibration import Calibration

PANEL_INCHES = (3.8, 4.6)
DPI = 150
COLOR = "#0072B2"


def reliability_metrics(
    predictions: pd.DataFrame, calibration: Calibration | None
) -> dict[str, Any]:
    """Calibration errors of the faces, and what the threshold of the verdict does.

    Args:
        predictions: of `evaluate_model`; `probability` calibrated as the run is.
        calibration: of the run.

    Returns:
        `temperature` (None = not calibrated), `frame_nll`, `frame_ece`, `frame_brier`
        and the same with `_uncalibrated` at T = 1. With thresholds for wanted rates of
        errors also those of `_at_thresholds`. The mean probability of a video's frames
        is not calibrated and has no such numbers.
    """
    label = predictions["label"].to_numpy()
    result: dict[str, Any] = {
        "temperature": calibration.temperature if calibration else None
    }
    for ending, probability in (
        ("", predictions["probability"].to_numpy()),
        ("_uncalibrated", uncalibrated(predictions, calibration)),
    ):
        errors = metrics.calibration_errors(label, probability)
        result |= {f"frame_{name}{ending}": v for name, v in errors.items()}
    return result | _at_thresholds(label, predictions["probability"], calibration)


def uncalibrated(
    predictions: pd.DataFrame, calibration: Calibration | None
) -> np.ndarray:
    """The probabilities at T = 1, float64 [N]."""
    return metrics.rescaled_probability(
        predictions["probability"].to_numpy(),
        calibration.temperature if calibration else 1.0,
    )


def draw_reliability(
    folder: Path, predictions: pd.DataFrame, calibration: Calibration | None
) -> None:
    """Writes `reliability.png` and `.svg`: a panel before and, if there is one, after.

    Args:
        folder: where to.
        predictions: of `evaluate_model`.
        calibration: of the run; None = one panel.
    """
    panels = [("not calibrated", uncalibrated(predictions, calibration))]
    if calibration is not None:
        title = f"calibrated, T = {calibration.temperature:.3f}"
        panels.append((title, predictions["probability"].to_numpy()))
    width, height = PANEL_INCHES
    figure = Figure((width * len(panels), height), dpi=DPI, layout="constrained")
    axes = figure.subplots(
        2, len(panels), squeeze=False, sharex=True, height_ratios=(3, 1)
    )
    for (title, probability), (upper, lower) in zip(panels, axes.T, strict=True):
        _draw_panel(upper, lower, predictions["label"].to_numpy(), probability)
        upper.set_title(title)
    for row in axes:
        top = max(axis.get_ylim()[1] for axis in row)
        for axis in row:
            axis.set_ylim(top=top)
    save_figure(figure, folder / "reliability")


def _draw_panel(
    upper: Axes, lower: Axes, labels: np.ndarray, probabilities: np.ndarray
) -> None:
    """Shares of fakes over probabilities, and below how many faces a bin has."""
    bins = metrics.reliability_bins(labels, probabilities)
    errors = metrics.calibration_errors(labels, probabilities)
    widths = np.diff(bins.edges)
    upper.plot([0, 1], [0, 1], color="gray", linestyle=":", label="perfect")
    filled = bins.counts > 0
    upper.plot(
        bins.probability[filled],
        bins.fake_share[filled],
        color=COLOR,
        marker="o",
        label=f"ECE {errors['ece']:.3f}\nBrier {errors['brier']:.3f}\n"
        f"NLL {errors['nll']:.3f}",
    )
    upper.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), ylabel="share of fakes")
    upper.grid(alpha=0.3)
    upper.legend(loc="upper left", fontsize=9)
    bars = lower.bar(bins.edges[:-1], bins.counts, widths, align="edge", color=COLOR)
    bars_text = [f"{count:.0f}" if count else "" for count in bins.counts]
    lower.bar_label(bars, bars_text, fontsize=6)
    lower.margins(y=0.2)
    lower.set(xlabel="probability of manipulation", ylabel="faces")


def _at_thresholds(
    label: np.ndarray, probability: pd.Series, calibration: Calibration | None
) -> dict[str, float | None]:
    """What the thresholds for wanted rates do to these faces.

    Returns:
        With one for false positives `wanted_fpr`, `fpr_threshold`, and as shares
        `frame_fpr_at_fpr_threshold` and `frame_tpr_at_fpr_threshold`; with one for
        false negatives `wanted_fnr`, `fnr_threshold`, `frame_fnr_at_fnr_threshold` and
        `frame_tnr_at_fnr_threshold`. With both `frame_not_sure_reals` and
        `frame_not_sure_fakes`, the shares between them. None without such faces.
    """
    fpr, fnr = (calibration.fpr, calibration.fnr) if calibration else (None, None)
    found: dict[str, float | None] = {}
    if fpr is not None:
        alarm = probability >= fpr.threshold
        found |= {
            "wanted_fpr": fpr.wanted,
            "fpr_threshold": fpr.threshold,
            "frame_fpr_at_fpr_threshold": _share(alarm[label == 0]),
            "frame_tpr_at_fpr_threshold": _share(alarm[label == 1]),
        }
    if fnr is not None:
        spared = probability < fnr.threshold
        found |= {
            "wanted_fnr": fnr.wanted,
            "fnr_threshold": fnr.threshold,
            "frame_fnr_at_fnr_threshold": _share(spared[label == 1]),
            "frame_tnr_at_fnr_threshold": _share(spared[label == 0]),
        }
    if fpr is not None and fnr is not None:
        between = ~alarm & ~spared
        found |= {
            "frame_not_sure_reals": _share(between[label == 0]),
            "frame_not_sure_fakes": _share(between[label == 1]),
        }
    return found


def _share(chosen: pd.Series) -> float | None:
    """Share of True; None of no faces."""
    return float(chosen.mean()) if len(chosen) else None
