"""The crop's square and its inverse: geometry, by hand and by property."""

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from fakeloc_tf.media.boxes import (
    CropBox,
    FaceBox,
    crop,
    crop_box,
    crop_mask,
    iou,
    paste,
)

sides = st.integers(2, 400)
places = st.floats(-50, 400)
lengths = st.floats(1, 300)


@st.composite
def faces(draw):
    left, top = draw(places), draw(places)
    return FaceBox(left, top, left + draw(lengths), top + draw(lengths), 1.0)


def test_crop_box_by_hand():
    # The longer side, 40, times 1.3 is 52, around the centre (100, 60).
    face = FaceBox(85, 40, 115, 80, 1.0)

    assert crop_box(face, 1.3, 200, 200) == CropBox(74, 34, 126, 86)


def test_a_face_at_the_border_moves_the_square_inside_without_shrinking_it():
    face = FaceBox(-10, 160, 30, 200, 1.0)

    assert crop_box(face, 1.3, 200, 200) == CropBox(0, 148, 52, 200)


@given(face=faces(), margin=st.floats(1, 3), height=sides, width=sides)
def test_crop_box_is_a_square_inside_the_frame(face, margin, height, width):
    box = crop_box(face, margin, height, width)

    assert box.right - box.left == box.bottom - box.top == box.side > 0
    assert 0 <= box.left < box.right <= width
    assert 0 <= box.top < box.bottom <= height
    longer = max(face.width, face.height)
    assert box.side == max(1, min(round(longer * margin), height, width))


@given(face=faces(), margin=st.floats(1.1, 3))
def test_crop_box_holds_a_face_that_is_well_inside(face, margin):
    assume(min(face.left, face.top) >= 0 and max(face.right, face.bottom) <= 1000)

    box = crop_box(face, margin, 1000, 1000)

    # Rounding moves each edge by at most a pixel.
    assert box.left <= face.left + 1 and face.right - 1 <= box.right
    assert box.top <= face.top + 1 and face.bottom - 1 <= box.bottom


@given(a=faces(), b=faces())
def test_iou_is_symmetric_bounded_and_one_only_with_itself(a, b):
    assert iou(a, b) == pytest.approx(iou(b, a))
    assert 0 <= iou(a, b) <= 1 + 1e-9
    assert iou(a, a) == pytest.approx(1)


def test_iou_by_hand():
    # Two 10×10 boxes that share 5×10: 50 / 150.
    assert iou(FaceBox(0, 0, 10, 10, 1), FaceBox(5, 0, 15, 10, 1)) == pytest.approx(
        1 / 3
    )
    assert iou(FaceBox(0, 0, 10, 10, 1), FaceBox(10, 0, 20, 10, 1)) == 0


@pytest.mark.parametrize(
    ("face", "margin"),
    [(FaceBox(0, 0, 10, 10, 1), 0.5), (FaceBox(5, 5, 5, 9, 1), 1.3)],
)
def test_what_makes_no_crop_is_refused(face, margin):
    with pytest.raises(ValueError, match="Received"):
        crop_box(face, margin, 100, 100)


def test_crop_of_its_own_size_is_a_copy_of_the_pixels():
    image = np.random.default_rng(0).integers(0, 256, (20, 30, 3), np.uint8)

    part = crop(image, CropBox(5, 3, 15, 13), 10)
    np.testing.assert_array_equal(part, image[3:13, 5:15])
    part[:] = 0
    assert image[3:13, 5:15].any()


def test_crop_outside_of_the_picture_is_refused():
    with pytest.raises(ValueError, match="must lie in the image"):
        crop(np.zeros((10, 10), np.uint8), CropBox(5, 5, 11, 11), 4)


@given(
    left=st.integers(0, 40),
    top=st.integers(0, 40),
    side=st.integers(24, 60),
    size=st.integers(24, 160),
)
def test_the_crop_of_a_mask_has_the_share_that_the_mask_has(left, top, side, size):
    """No half-pixel shift: the left half of the box is the left half of the crop."""
    mask = np.zeros((100, 100), np.uint8)
    mask[:, : left + side // 2] = 255

    cut = crop_mask(mask, CropBox(left, top, left + side, top + side), size)

    assert set(np.unique(cut)) <= {0, 255}
    columns = np.count_nonzero(cut[size // 2])
    assert abs(columns - (side // 2) / side * size) <= 0.5 + 1e-9


@given(
    left=st.integers(0, 40),
    top=st.integers(0, 40),
    side=st.integers(16, 60),
    size=st.integers(16, 160),
    seed=st.integers(0, 99),
)
def test_paste_puts_back_what_crop_cut_out(left, top, side, size, seed):
    # A smooth map survives both resizes; a shift of half a pixel would not pass.
    y, x = np.mgrid[:100, :100] / 100
    smooth = np.sin(3 * x + seed) * np.cos(2 * y) * 0.5 + 0.5
    box = CropBox(left, top, left + side, top + side)

    back = paste(crop(smooth.astype(np.float32), box, size), box, 100, 100)

    assert back.dtype == np.float32
    inner = slice(top + 3, top + side - 3), slice(left + 3, left + side - 3)
    np.testing.assert_allclose(back[inner], smooth[inner], atol=4e-3)
    back[box.top : box.bottom, box.left : box.right] = 0
    assert not back.any()


def test_paste_wants_a_map():
    with pytest.raises(ValueError, match="Received"):
        paste(np.zeros((4, 4, 3)), CropBox(0, 0, 4, 4), 8, 8)
