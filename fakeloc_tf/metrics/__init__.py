"""Localisation, detection and calibration metrics; NumPy.

A name says its level and convention: `frame_auc`, `iou_image_fakes`. Averages are NaN
where they are undefined, such as the AUC of faces of one class.
"""

from fakeloc_tf.metrics.aggregation import (
    AGGREGATIONS,
    aggregate,
    aggregation_words,
    check_aggregation,
)
from fakeloc_tf.metrics.calibration import (
    brier_score,
    calibration_errors,
    expected_calibration_error,
    log_loss,
    reliability_bins,
    rescaled_probability,
    scaled_probability,
)
from fakeloc_tf.metrics.detection import balanced_threshold, detection_metrics
from fakeloc_tf.metrics.localization import (
    MASK_THRESHOLD,
    areas,
    f1,
    f1_of_areas,
    iinc,
    iinc_of_areas,
    iou,
    iou_of_areas,
    pbca,
    pbca_of_areas,
    predicted_area,
)
from fakeloc_tf.metrics.pixels import (
    histogram_auc,
    histogram_auc_error,
    pixel_histogram,
)
from fakeloc_tf.metrics.ranking import rank_metrics

__all__ = [
    "AGGREGATIONS",
    "MASK_THRESHOLD",
    "aggregate",
    "aggregation_words",
    "areas",
    "balanced_threshold",
    "brier_score",
    "calibration_errors",
    "check_aggregation",
    "detection_metrics",
    "expected_calibration_error",
    "f1",
    "f1_of_areas",
    "histogram_auc",
    "histogram_auc_error",
    "iinc",
    "iinc_of_areas",
    "iou",
    "iou_of_areas",
    "log_loss",
    "pbca",
    "pbca_of_areas",
    "pixel_histogram",
    "predicted_area",
    "rank_metrics",
    "reliability_bins",
    "rescaled_probability",
    "scaled_probability",
]
