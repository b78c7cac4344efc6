"""Rows of an evaluation whose maps and scores are drawn."""

import numpy as np
import pandas as pd

from fakeloc_tf import metrics

METHODS = ("pristine", "swap", "warp")
SIDE = 8


def made_up_maps(count, seed=0):
    """Predicted and true maps of as many faces, and their labels and validity."""
    rng = np.random.default_rng(seed)
    labels = np.arange(count) % len(METHODS) > 0
    true = (rng.random((count, SIDE, SIDE)) > 0.6) & labels[:, None, None]
    predicted = np.clip(rng.normal(0.3 + 0.4 * true, 0.2), 0, 1)
    valid = rng.random(count) > 0.1
    return predicted, true, labels, valid


def made_up_predictions(videos=24, frames=3, seed=0):
    """Rows as `evaluate_model` has them: the frames of a video are alike."""
    count = videos * frames
    video = np.repeat(np.arange(videos), frames)
    predicted, true, _, valid = made_up_maps(videos, seed)
    predicted, true, valid = predicted[video], true[video], valid[video]
    rng = np.random.default_rng(seed)
    method = np.array(METHODS)[video % len(METHODS)]
    fixed = np.zeros((SIDE, SIDE), bool)
    fixed[2:6, 2:6] = True
    intersection, union = metrics.areas(predicted >= 0.5, true)
    fixed_intersection, fixed_union = metrics.areas(fixed, true)
    logit = (method != "pristine") + rng.normal(0, 1, videos)[video]
    return pd.DataFrame(
        {
            "dataset": "d",
            # The same names in every method.
            "video_id": [f"{number // len(METHODS):02}" for number in video],
            "method": method,
            "frame": np.arange(count) % frames,
            "label": (method != "pristine").astype(int),
            "probability": 1 / (1 + np.exp(-logit - rng.normal(0, 0.1, count))),
            "mask_valid": valid,
            "pixels": SIDE**2,
            "true_pixels": true.sum((1, 2)),
            "intersection": intersection,
            "union": union,
            "fixed_intersection": fixed_intersection,
            "fixed_union": fixed_union,
        }
    )
