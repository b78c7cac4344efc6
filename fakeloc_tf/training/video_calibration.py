"""Chooses how the faces of a video become one score, and the thresholds on it.

A video of the records is taken for one track: preparation follows one face a video.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from fakeloc_tf import metrics
from fakeloc_tf.metrics.aggregation import DEFAULT
from fakeloc_tf.models.calibration import VideoCalibration
from fakeloc_tf.training.rate_thresholds import WantedRates, rate_thresholds

# With fewer of a class, chance decides which aggregation looks best.
LEAST_VIDEOS = 20
# AUCs that differ by rounding only.
_TIE = 1e-12


def calibrate_videos(
    labels: np.ndarray,
    probabilities: np.ndarray,
    videos: np.ndarray,
    wanted: WantedRates,
    manipulated: float,
) -> tuple[VideoCalibration, tuple[str, ...]]:
    """Aggregation with the best AUC by video, and thresholds for the wanted rates.

    Note: all three are chosen on the same videos, so the reached rates are those of
    the best of a few aggregations and somewhat too good.

    Args:
        labels: [N]; 1 = fake.
        probabilities: float [N] in 0..1, calibrated.
        videos: [N] names; the faces of a video have one label.
        wanted: rates; none is required here.
        manipulated: threshold of the verdict on faces, for videos without one.

    Returns:
        What was chosen, and what a reader of it should know.
    """
    names, index = np.unique(videos, return_inverse=True)
    fake = np.zeros(len(names), bool)
    fake[index] = np.asarray(labels).astype(bool)
    tracks = _split(np.asarray(probabilities, np.float64), index)
    reals, fakes = int((~fake).sum()), int(fake.sum())
    auc: dict[str, float] = {}
    said: list[str] = []
    if len(names) == len(index):
        said.append(
            "every validation video has one face: nothing is known of the scores of "
            "whole videos; the mean of the frames and the thresholds of faces are used"
        )
        wanted = WantedRates(None, None)
    elif min(reals, fakes) < LEAST_VIDEOS:
        said.append(
            f"{reals} real and {fakes} fake videos are too few to choose how frames "
            f"become a score of a video ({LEAST_VIDEOS} of each): the mean is used"
        )
    else:
        auc = {name: _auc(fake, _scores(name, tracks)) for name in metrics.AGGREGATIONS}
    best = _best(auc)
    found = rate_thresholds(
        fake,
        _scores(best, tracks),
        names,
        replace(wanted, required=()),
        manipulated,
        rows="videos",
    )
    said += [
        f"{text}; for videos the threshold of faces is used" for text in found.missing
    ]
    chosen = VideoCalibration(
        aggregation=best,
        auc=auc,
        reals=reals,
        fakes=fakes,
        faces_per_video=len(index) / len(names),
        fpr=found.fpr,
        fnr=found.fnr,
    )
    return chosen, tuple(said)


def _best(auc: dict[str, float]) -> str:
    """The name with the highest AUC, the first of equal ones, which is `DEFAULT`."""
    good = [name for name in auc if auc[name] >= max(auc.values()) - _TIE]
    return good[0] if good else DEFAULT


def _split(values: np.ndarray, index: np.ndarray) -> list[np.ndarray]:
    """The values of each video."""
    order = np.argsort(index, kind="stable")
    return np.split(values[order], np.cumsum(np.bincount(index))[:-1])


def _scores(name: str, tracks: list[np.ndarray]) -> np.ndarray:
    """float64 [videos]."""
    return np.array([metrics.aggregate(name, track) for track in tracks])


def _auc(fake: np.ndarray, scores: np.ndarray) -> float:
    return float(metrics.rank_metrics(fake, scores)["auc"][0])
