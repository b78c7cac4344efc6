"""How the values of the maps are spread over true and pristine pixels of a split."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pandas as pd

from fakeloc_tf import metrics
from fakeloc_tf.files import write_text

FACES = ("reals", "fakes")
PIXELS = ("pristine", "manipulated")


class PixelScores:
    """Histograms of the values of all maps, the model's and the fixed mask's.

    Their size does not depend on the number of faces. Faces without a usable mask are
    left out.
    """

    def __init__(self) -> None:
        # Whose map → int64 [real or fake face, pristine or manipulated pixel, bin].
        self.counts: dict[str, np.ndarray] = {}

    def add(
        self,
        whose: str,
        histograms: np.ndarray,
        labels: np.ndarray,
        mask_valid: np.ndarray,
    ) -> None:
        """Adds a batch.

        Args:
            whose: `model` or `fixed_mask`.
            histograms: int64 [B, 2, bins] of `metrics.pixel_histogram`.
            labels: [B]; 1 = fake.
            mask_valid: bool [B].
        """
        total = self.counts.setdefault(
            whose, np.zeros((2, *histograms.shape[1:]), np.int64)
        )
        for label in (0, 1):
            total[label] += histograms[mask_valid & (labels == label)].sum(0)

    def metrics(self) -> dict[str, float | None]:
        """Pixel AUC of the pixels of all faces, as of one picture.

        Returns:
            `pixel_auc_pooled_fakes` (the pixels of the fakes), `pixel_auc_pooled_all`
            (those of the real faces too), by how much each may be off
            (`<name>_error`, see `metrics.histogram_auc`), the fixed mask's
            `fixed_mask_<name>`, and `gain_<name>`. None where undefined.
        """
        nothing = np.zeros((2, 2, 1))
        result = {}
        for name, pick in (("fakes", slice(1, 2)), ("all", slice(0, 2))):
            name = f"pixel_auc_pooled_{name}"
            own, fixed = (
                self.counts.get(whose, nothing)[pick].sum(0)
                for whose in ("model", "fixed_mask")
            )
            result[name] = float(metrics.histogram_auc(own))
            result[f"{name}_error"] = float(metrics.histogram_auc_error(own))
            result[f"fixed_mask_{name}"] = float(metrics.histogram_auc(fixed))
            result[f"gain_{name}"] = result[name] - result[f"fixed_mask_{name}"]
        return {n: None if math.isnan(v) else v for n, v in result.items()}

    def write(self, path: Path) -> None:
        """Writes a CSV: a row a bin with its lower end, and pixels of each kind."""
        columns = {
            f"{whose}_{PIXELS[pixel]}_in_{FACES[face]}": counts[face, pixel]
            for whose, counts in self.counts.items()
            for face in (0, 1)
            for pixel in (0, 1)
        }
        table = pd.DataFrame(columns)
        table.insert(0, "from", np.arange(len(table)) / max(len(table), 1))
        write_text(path, table.to_csv(index=False))
