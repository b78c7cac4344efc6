"""Localisation, detection and calibration metrics; NumPy.

A name says its level and convention: `frame_auc`, `iou_image_fakes`. Averages are NaN
where they are undefined, such as the AUC of faces of one class.
"""

from fakeloc_tf.metrics.calibration import (
    brier_score,
    calibration_errors,
    expected_calibration_error,
    log_loss,
    reliability_bins,
    rescaled_probability,
    scaled_probability,
)
from fakeloc_tf.metrics.detection import (
    balanced_threshold,
    detection_metrics,
    equal_error_rate,
)
from fakeloc_tf.metrics.localization import (
    MASK_THRESHOLD,
    LocalizationAccumulator,
    iinc,
    iou,
    iou_of_areas,
    localization_metrics,
    pbca,
)

__all__ = [
    "MASK_THRESHOLD",
    "LocalizationAccumulator",
    "balanced_threshold",
    "brier_score",
    "calibration_errors",
    "detection_metrics",
    "equal_error_rate",
    "expected_calibration_error",
    "iinc",
    "iou",
    "iou_of_areas",
    "localization_metrics",
    "log_loss",
    "pbca",
    "reliability_bins",
    "rescaled_probability",
    "scaled_probability",
]
