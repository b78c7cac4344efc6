import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from references import metrics as reference
from sklearn.metrics import average_precision_score, roc_auc_score

from fakeloc_tf import metrics


def test_detection_metrics_by_hand():
    labels = np.array([0, 0, 1, 1])
    scores = np.array([0.1, 0.6, 0.4, 0.9])

    result = metrics.detection_metrics(labels, scores)

    assert result["frame_auc"] == pytest.approx(3 / 4)
    assert result["frame_accuracy"] == pytest.approx(2 / 4)
    assert result["frame_eer"] == pytest.approx(1 / 2)
    # Precision 1 at the first fake found, 2/3 at the second.
    assert result["frame_ap"] == pytest.approx((1 + 2 / 3) / 2)
    assert (result["frame_count"], result["frame_fakes"]) == (4, 2)


def test_level_and_threshold_are_named():
    result = metrics.detection_metrics(
        np.array([0, 1]), np.array([0.2, 0.3]), 0.25, level="video"
    )

    assert result["video_accuracy"] == 1.0
    assert result["video_threshold"] == 0.25
    assert all(name.startswith("video_") for name in result)


@settings(max_examples=50, deadline=None)
@given(st.data())
def test_auc_equals_the_pairs_in_order(data):
    count = data.draw(st.integers(2, 12))
    labels = data.draw(st.lists(st.integers(0, 1), min_size=count, max_size=count))
    labels[:2] = [0, 1]
    levels = st.sampled_from([0.0, 0.2, 0.5, 0.7, 1.0])
    scores = np.array(data.draw(st.lists(levels, min_size=count, max_size=count)))

    result = metrics.detection_metrics(np.array(labels), scores)

    assert result["frame_auc"] == pytest.approx(reference.auc(labels, scores))
    assert result["frame_auc"] == pytest.approx(roc_auc_score(labels, scores))
    assert result["frame_eer"] == pytest.approx(reference.eer(labels, scores))
    assert result["frame_ap"] == pytest.approx(average_precision_score(labels, scores))
    swapped = metrics.detection_metrics(1 - np.array(labels), 1 - scores)
    assert result["frame_eer"] == pytest.approx(swapped["frame_eer"])
    assert 0 <= result["frame_eer"] <= 1


def test_equal_error_rate_limits():
    labels = np.array([0] * 3 + [1] * 3)

    perfect = metrics.detection_metrics(labels, labels * 1.0)
    constant = metrics.detection_metrics(labels, np.full(6, 0.5))
    inverted = metrics.detection_metrics(labels, 1.0 - labels)

    assert perfect["frame_eer"] == pytest.approx(0.0)
    assert constant["frame_eer"] == pytest.approx(0.5)
    assert inverted["frame_eer"] == pytest.approx(1.0)


def test_one_class_has_no_auc_but_an_accuracy():
    result = metrics.detection_metrics(np.ones(3), np.array([0.2, 0.6, 0.7]))

    assert np.isnan(
        [result["frame_auc"], result["frame_eer"], result["frame_ap"]]
    ).all()
    assert result["frame_accuracy"] == pytest.approx(2 / 3)


def test_a_score_that_is_no_number_is_refused():
    with pytest.raises(ValueError, match="1 of them not finite"):
        metrics.detection_metrics(np.array([0, 1]), np.array([0.2, np.nan]))


def test_balanced_threshold_parts_the_classes_half_way():
    threshold = metrics.balanced_threshold(
        np.array([0, 0, 1, 1]), np.array([0.1, 0.2, 0.6, 0.9])
    )

    assert threshold == pytest.approx(0.4)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.tuples(st.booleans(), st.floats(0, 1, width=16)), min_size=1))
def test_no_threshold_is_better_than_the_balanced_one(faces):
    labels, scores = map(np.array, zip(*faces, (True, 0.5), (False, 0.25), strict=True))

    best = metrics.balanced_threshold(labels, scores)

    accuracy = reference.balanced_accuracy(labels, scores, best)
    # Thresholds at the ends would call every face the same.
    for other in np.linspace(scores.min(), scores.max(), 41)[1:]:
        assert accuracy >= reference.balanced_accuracy(labels, scores, other) - 1e-9


def test_balanced_threshold_of_one_class_is_a_half():
    assert metrics.balanced_threshold(np.ones(2), np.array([0.7, 0.9])) == 0.5
    assert metrics.balanced_threshold(np.array([0, 1]), np.array([0.9, 0.9])) == 0.5
