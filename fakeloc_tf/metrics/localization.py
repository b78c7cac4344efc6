"""Localisation metrics (Eq. 7, PBCA, IINC), an image at a time and over a set."""

from __future__ import annotations

import numpy as np

# Maps from here on are masks (Eq. 7), the true ones and the predicted ones.
MASK_THRESHOLD = 0.5


def iou(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Intersection over union of masks (Eq. 7).

    Args:
        predicted: bool [..., H, W], True = manipulated.
        true: bool [..., H, W].

    Returns:
        float64 [...] in 0..1; 1 where both masks are empty.
    """
    return iou_of_areas(*_areas(predicted, true))


def iou_of_areas(intersection: np.ndarray, union: np.ndarray) -> np.ndarray:
    """`iou` from pixel counts [...]; 1 where both masks are empty."""
    return np.where(union > 0, intersection / np.maximum(union, 1), 1.0)


def pbca(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Pixel-wise binary classification accuracy: share of pixels that agree.

    Args:
        predicted: bool [..., H, W].
        true: bool [..., H, W].

    Returns:
        float64 [...] in 0..1.
    """
    return np.mean(_mask(predicted) == _mask(true), axis=(-2, -1))


def iinc(predicted: np.ndarray, true: np.ndarray) -> np.ndarray:
    """Inverse intersection non-containment (Dang et al., CVPR 2020); lower is better.

    With area fractions of the true mask M, the predicted one P, their intersection I
    and union U: 0 if M and P are empty, 1/(3 − U) if one is, and otherwise
    (2 − I/M − I/P)/(3 − U).

    Args:
        predicted: bool [..., H, W].
        true: bool [..., H, W].

    Returns:
        float64 [...] in 0..1.
    """
    predicted, true = _mask(predicted), _mask(true)
    m, p = true.mean((-2, -1)), predicted.mean((-2, -1))
    i, u = (predicted & true).mean((-2, -1)), (predicted | true).mean((-2, -1))
    # With one mask empty i is 0, and so is its quotient: 2 − 0 − 0 needs to become 1.
    outside = 2.0 - _quotient(i, m) - _quotient(i, p) - ((m == 0) ^ (p == 0))
    return np.where(u > 0, outside, 0.0) / (3.0 - u)


class LocalizationAccumulator:
    """Localisation metrics over any number of faces, whose maps it does not keep.

    Args:
        threshold: maps >= this are masks; chosen on validation, 0.5 in the paper.
    """

    def __init__(self, threshold: float = MASK_THRESHOLD):
        self.threshold = threshold
        self._faces: list[dict[str, np.ndarray]] = []
        self._areas = np.zeros(4, dtype=np.int64)

    def update(
        self,
        predicted: np.ndarray,
        true: np.ndarray,
        labels: np.ndarray,
        valid: np.ndarray | None = None,
    ) -> dict[str, np.ndarray]:
        """Adds a batch.

        Args:
            predicted: float [B, H, W] in 0..1, the fused map (Eq. 8).
            true: float [B, H, W] in 0..1, of the same size; >= 0.5 = manipulated.
            labels: [B] or [B, 1]; 1 = fake.
            valid: [B]; 0 = a face without a usable mask, which is left out. None = all
                are used.

        Returns:
            `iou`, `pbca`, `iinc` float64 [B] of this batch; NaN where not valid.
        """
        if predicted.ndim != 3 or predicted.shape != true.shape:
            raise ValueError(
                "`predicted` and `true` must be [B, H, W] of one shape. "
                f"Received: predicted.shape={predicted.shape}, true.shape={true.shape}"
            )
        masks = predicted >= self.threshold, true >= MASK_THRESHOLD
        keep = np.ones(len(true), bool) if valid is None else _mask(valid).reshape(-1)
        faces = {"iou": iou(*masks), "pbca": pbca(*masks), "iinc": iinc(*masks)}
        faces = {name: np.where(keep, value, np.nan) for name, value in faces.items()}
        fake = _mask(labels).reshape(-1)
        self._faces.append(faces | {"fake": fake, "valid": keep})
        intersection, union = _areas(masks[0][keep], masks[1][keep])
        rest = _areas(~masks[0][keep], ~masks[1][keep])
        self._areas += [int(a.sum()) for a in (intersection, union, *rest)]
        return faces

    def result(self) -> dict[str, float]:
        """The metrics of all faces so far.

        Returns:
            - `iou_image_fakes`: mean IoU per image over the fakes, the headline;
            - `iou_image_all`: the same over all faces, 1 where both masks are empty;
            - `iou_pooled`: intersection over union of the pixels of all faces;
            - `miou_two_class`: mean of `iou_pooled` for manipulated and for pristine;
            - `pbca_image_all`, `pbca_image_fakes`, `iinc_image_all`,
              `iinc_image_fakes`: means per image;
            - `faces`, `fakes`: faces with a usable mask, and fakes among them;
            - `faces_without_mask`: left out; `threshold`.
        """
        joined = _join(self._faces)
        keep, fake = joined["valid"], joined["valid"] & joined["fake"]
        manipulated, pristine = _pooled(*self._areas[:2]), _pooled(*self._areas[2:])
        result = {
            "iou_image_fakes": _mean(joined["iou"][fake]),
            "iou_image_all": _mean(joined["iou"][keep]),
            "iou_pooled": manipulated if keep.any() else np.nan,
            "miou_two_class": (manipulated + pristine) / 2 if keep.any() else np.nan,
        }
        for name in ("pbca", "iinc"):
            result[f"{name}_image_all"] = _mean(joined[name][keep])
            result[f"{name}_image_fakes"] = _mean(joined[name][fake])
        counts = {"faces": keep, "fakes": fake, "faces_without_mask": ~keep}
        result |= {name: int(which.sum()) for name, which in counts.items()}
        return result | {"threshold": self.threshold}


def localization_metrics(
    predicted: np.ndarray,
    true: np.ndarray,
    labels: np.ndarray,
    *,
    valid: np.ndarray | None = None,
    threshold: float = MASK_THRESHOLD,
) -> dict[str, float]:
    """`LocalizationAccumulator` for maps that are all in memory."""
    accumulator = LocalizationAccumulator(threshold)
    accumulator.update(predicted, true, labels, valid)
    return accumulator.result()


def _mask(values: np.ndarray) -> np.ndarray:
    return np.asarray(values).astype(bool)


def _areas(predicted: np.ndarray, true: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Pixels of intersection and union, int64 [...]."""
    predicted, true = _mask(predicted), _mask(true)
    return (predicted & true).sum((-2, -1)), (predicted | true).sum((-2, -1))


def _quotient(part: np.ndarray, whole: np.ndarray) -> np.ndarray:
    """part/whole, 0 where `whole` is 0 (and so `part` is)."""
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _pooled(intersection: np.int64, union: np.int64) -> float:
    return float(intersection / union) if union else 1.0


def _mean(values: np.ndarray) -> float:
    return float(np.mean(values)) if len(values) else float("nan")


def _join(batches: list[dict[str, np.ndarray]]) -> dict[str, np.ndarray]:
    """The batches' arrays one after the other; empty arrays without any batch."""
    none = {name: np.zeros(0) for name in ("iou", "pbca", "iinc")}
    none |= {name: np.zeros(0, bool) for name in ("fake", "valid")}
    return {
        name: np.concatenate([empty, *(batch[name] for batch in batches)])
        for name, empty in none.items()
    }
