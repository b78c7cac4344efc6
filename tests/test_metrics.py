import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays
from references import metrics as reference
from sklearn.metrics import roc_auc_score

from fakeloc_tf import metrics

MASKS = arrays.arrays(bool, (2, 3, 4))


def masks(*rows):
    return np.array(rows, bool)[None]


def test_iou_by_hand():
    predicted = masks([1, 1, 0], [1, 0, 0])
    true = masks([0, 1, 0], [1, 1, 0])

    np.testing.assert_allclose(metrics.iou(predicted, true), [2 / 4])


def test_iou_of_empty_masks():
    empty, full = np.zeros((1, 2, 2), bool), np.ones((1, 2, 2), bool)

    assert metrics.iou(empty, empty) == 1.0
    assert metrics.iou(empty, full) == metrics.iou(full, empty) == 0.0


def test_iinc_by_hand():
    predicted = masks([1, 1, 0, 0])
    true = masks([0, 1, 1, 1])

    # M = 3/4, P = 2/4, I = 1/4, U = 1
    expected = (2 - 1 / 3 - 1 / 2) / (3 - 1)
    np.testing.assert_allclose(metrics.iinc(predicted, true), [expected])


def test_iinc_of_empty_masks():
    empty, half = masks([0, 0]), masks([1, 0])

    np.testing.assert_allclose(metrics.iinc(empty, empty), [0.0])
    np.testing.assert_allclose(metrics.iinc(empty, half), [1 / (3 - 0.5)])
    np.testing.assert_allclose(metrics.iinc(half, empty), [1 / (3 - 0.5)])
    np.testing.assert_allclose(metrics.iinc(half, half), [0.0])


@settings(max_examples=60, deadline=None)
@given(MASKS, MASKS)
def test_masks_equal_the_slow_reference(predicted, true):
    for name in ("iou", "pbca", "iinc"):
        expected = [
            getattr(reference, name)(p, t) for p, t in zip(predicted, true, strict=True)
        ]
        value = getattr(metrics, name)(predicted, true)
        np.testing.assert_allclose(value, expected, atol=1e-12, err_msg=name)
        assert ((value >= 0) & (value <= 1 + 1e-12)).all()


@settings(max_examples=30, deadline=None)
@given(MASKS, MASKS)
def test_iou_is_symmetric_and_one_only_for_equal_masks(predicted, true):
    value = metrics.iou(predicted, true)

    np.testing.assert_array_equal(value, metrics.iou(true, predicted))
    np.testing.assert_array_equal(value == 1, (predicted == true).all((1, 2)))


@pytest.fixture
def three_faces():
    """A fake found half, a real one left alone, a real one with a false alarm."""
    true = np.float32([[[1, 1], [0, 0]], [[0, 0], [0, 0]], [[0, 0], [0, 0]]])
    predicted = np.float32([[[0.5, 0.4], [0, 0]], [[0.1, 0], [0, 0]], [[0, 0], [0, 1]]])
    return predicted, true, np.array([1, 0, 0])


def test_localization_conventions_by_hand(three_faces):
    result = metrics.localization_metrics(*three_faces)

    assert result["iou_image_fakes"] == pytest.approx(1 / 2)
    assert result["iou_image_all"] == pytest.approx((1 / 2 + 1 + 0) / 3)
    # Over all pixels: intersection 1, union 3; of the pristine class 9 and 11.
    assert result["iou_pooled"] == pytest.approx(1 / 3)
    assert result["miou_two_class"] == pytest.approx((1 / 3 + 9 / 11) / 2)
    assert result["pbca_image_all"] == pytest.approx((3 / 4 + 1 + 3 / 4) / 3)
    assert result["pbca_image_fakes"] == pytest.approx(3 / 4)
    assert result["iinc_image_fakes"] == pytest.approx((2 - 1 / 2 - 1) / (3 - 1 / 2))
    assert (result["faces"], result["fakes"]) == (3, 1)


def test_accumulating_batches_equals_one_batch(three_faces):
    accumulator = metrics.LocalizationAccumulator()
    for face in range(3):
        accumulator.update(*(part[face : face + 1] for part in three_faces))

    assert accumulator.result() == pytest.approx(
        metrics.localization_metrics(*three_faces)
    )


def test_faces_without_a_mask_are_left_out_and_counted(three_faces):
    predicted, true, labels = three_faces
    more = [np.concatenate([part, part[:1]]) for part in (predicted, true, labels)]

    accumulator = metrics.LocalizationAccumulator()
    faces = accumulator.update(*more, valid=np.array([1, 1, 1, 0]))
    result = accumulator.result()

    assert np.isnan(faces["iou"][3]) and faces["iou"][0] == 0.5
    assert result.pop("faces_without_mask") == 1
    expected = metrics.localization_metrics(*three_faces)
    del expected["faces_without_mask"]
    assert result == pytest.approx(expected)


def test_threshold_changes_the_mask(three_faces):
    result = metrics.localization_metrics(*three_faces, threshold=0.3)

    assert result["iou_image_fakes"] == 1.0


def test_without_fakes_their_average_is_undefined():
    nothing = metrics.LocalizationAccumulator().result()
    zeros = np.zeros((2, 3, 3))
    reals = metrics.localization_metrics(zeros, zeros, np.array([0, 0]))

    assert np.isnan(nothing["iou_image_all"]) and nothing["faces"] == 0
    assert np.isnan(reals["iou_image_fakes"]) and reals["iou_image_all"] == 1.0


def test_maps_of_unequal_sizes_are_refused():
    with pytest.raises(ValueError, match="Received"):
        metrics.localization_metrics(
            np.zeros((1, 2, 2)), np.zeros((1, 3, 3)), np.array([0])
        )


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
