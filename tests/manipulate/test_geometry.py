"""Windows, soft regions, warps."""

from __future__ import annotations

import numpy as np
import pytest
from references import thin_plate

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.manipulate import geometry

LANDMARKS = load_portraits()[0].landmarks


def test_scale_of_a_square_is_its_side() -> None:
    square = np.float32([[10, 10], [10, 40], [40, 40], [40, 10], [20, 20]])
    assert geometry.face_scale(square) == pytest.approx(30)


def test_window_stays_inside_the_picture_and_holds_the_face() -> None:
    rows, columns = geometry.window_of(LANDMARKS, 410, 335, margin=9.0)
    assert (rows.start, rows.stop, columns.start, columns.stop) == (0, 410, 0, 335)
    rows, columns = geometry.window_of(LANDMARKS, 410, 335, margin=0.1)
    local = geometry.in_window(LANDMARKS, (rows, columns))
    size = (columns.stop - columns.start, rows.stop - rows.start)
    assert (local >= 0).all() and (local < size).all()


def test_up_points_to_the_eyes() -> None:
    assert geometry.upward(LANDMARKS)[1] < 0


def test_softening_never_leaves_the_region() -> None:
    region = geometry.polygon(np.float32([[5, 5], [50, 8], [40, 45]]), 60, 60)
    soft = geometry.soften(region, 4.0)
    assert soft.max() == pytest.approx(1.0, abs=1e-3)
    # What blurring carries beyond the edge is below the blend's tail.
    assert soft[region == 0].max() < 0.1


def test_softening_fades_at_the_picture_border_too() -> None:
    soft = geometry.soften(np.ones((40, 40), np.float32), 4.0)
    assert soft[0].max() < 0.3 and soft[20, 20] == pytest.approx(1.0, abs=1e-3)


def test_smooth_field_does_not_depend_on_the_window() -> None:
    small = geometry.smooth_field(np.random.default_rng(1), 4, 80, 80)
    large = geometry.smooth_field(np.random.default_rng(1), 4, 160, 160)
    assert np.abs(large.reshape(80, 2, 80, 2, 2).mean((1, 3)) - small).max() < 0.05


def test_remap_by_whole_pixels_is_a_shift() -> None:
    image = np.random.default_rng(0).random((9, 12, 3)).astype(np.float32)
    field = np.zeros((9, 12, 2), np.float32)
    field[..., 0] = 2
    np.testing.assert_allclose(geometry.remap(image, field)[:, :-2], image[:, 2:])


def test_warp_carries_points_to_their_new_places() -> None:
    rng = np.random.default_rng(3)
    points = rng.uniform(10, 90, (12, 2))
    moved = points + rng.normal(0, 2, points.shape)
    field = geometry.warp_field(points, moved, 100, 100, step=1)
    for old, new in zip(points, moved, strict=True):
        column, row = np.rint(new).astype(int)
        np.testing.assert_allclose(field[row, column], old - new, atol=0.7)


def test_warp_is_the_thin_plate_spline() -> None:
    rng = np.random.default_rng(4)
    points = rng.uniform(5, 55, (9, 2))
    moved = points + rng.normal(0, 2, points.shape)
    field = geometry.warp_field(points, moved, 60, 60, step=6)
    nodes = np.array([[x, y] for y in (0, 18, 54) for x in (6, 30, 48)], float)
    expected = thin_plate.interpolate(
        moved, points - moved, nodes, slack=1e-3 * np.ptp(moved) ** 2
    )
    found = np.array([field[int(y), int(x)] for x, y in nodes])
    np.testing.assert_allclose(found, expected, atol=1e-3)


def test_warp_without_movement_is_nothing() -> None:
    field = geometry.warp_field(LANDMARKS, LANDMARKS, 50, 50)
    assert np.abs(field).max() < 1e-6


def test_similarity_keeps_its_center() -> None:
    image = np.zeros((41, 41), np.float32)
    image[20, 20] = 1
    bigger = geometry.similarity(image, np.array([20.0, 20.0]), 1.5, np.zeros(2))
    assert bigger[20, 20] == pytest.approx(1)
    shifted = geometry.similarity(image, np.zeros(2), 1.0, np.array([3.0, -2.0]))
    assert shifted[18, 23] == pytest.approx(1)
