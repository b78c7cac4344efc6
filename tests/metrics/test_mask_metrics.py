import numpy as np
from hypothesis import given, settings
from hypothesis.extra import numpy as arrays
from references import metrics as reference

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


def test_f1_by_hand():
    predicted = masks([1, 1, 0], [1, 0, 0])
    true = masks([0, 1, 0], [1, 1, 0])

    np.testing.assert_allclose(metrics.f1(predicted, true), [2 * 2 / (3 + 3)])
    empty = np.zeros_like(true)
    assert metrics.f1(empty, empty) == 1.0
    assert metrics.f1(empty, true) == metrics.f1(true, empty) == 0.0


def test_counts_that_are_not_known_give_no_metric():
    unknown = np.array([np.nan])

    assert np.isnan(metrics.iou_of_areas(unknown, unknown)).all()
    assert np.isnan(metrics.f1_of_areas(unknown, unknown)).all()
    assert np.isnan(metrics.iinc_of_areas(unknown, unknown, np.zeros(1), 4)).all()


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
    for name in ("iou", "f1", "pbca", "iinc"):
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
