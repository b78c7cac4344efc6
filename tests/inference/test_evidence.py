"""The pictures of a face that the report shows."""

import subprocess
import sys

import cv2
import numpy as np
import pytest
from doubles import gradient
from made_up_results import drawn_face

from fakeloc_tf.inference.evidence import MAX_SIDE, NOISE_GAIN, write_evidence
from fakeloc_tf.media.images import read_image
from fakeloc_tf.noise import gray_magnitude, noise_residual


def written(folder, image, **changes):
    paths = write_evidence(folder, "x@0", image, drawn_face(), **changes)
    read = {
        key: cv2.imread(str(folder / p), cv2.IMREAD_UNCHANGED)
        for key, p in paths.items()
    }
    return paths, read


def test_four_pictures_and_nothing_else(tmp_path):
    paths, pictures = written(tmp_path, gradient(), crop_size=64)
    assert paths == {
        "crop": "evidence/x@0_crop.jpg",
        "heat": "evidence/x@0_heat.png",
        "noise": "evidence/x@0_noise.png",
        "scene": "evidence/x@0_scene.jpg",
    }
    found = {f"evidence/{p.name}" for p in (tmp_path / "evidence").iterdir()}
    assert found == set(paths.values())
    assert pictures["crop"].shape == (64, 64, 3)
    assert pictures["heat"].shape == (64, 64, 4)
    assert pictures["noise"].shape == (64, 64)
    assert pictures["scene"].shape == (120, 160, 3)


def test_the_opacity_of_the_map_is_its_level(tmp_path):
    _, pictures = written(tmp_path, gradient(), crop_size=64)
    alpha = pictures["heat"][..., 3].astype(int)
    assert alpha[:, 0].max() == 0 and alpha[:, -1].min() == 255
    expected = np.interp(np.arange(64), [2, 61], [0, 255])
    assert np.abs(alpha - expected).max() < 10
    blue, _, red = pictures["heat"][32, -1, :3].astype(int)
    assert red > blue + 60


def test_the_noise_is_that_of_the_crop_made_bright(tmp_path):
    rng = np.random.default_rng(0)
    image = np.clip(rng.normal(128, 2, (120, 160, 3)), 0, 255).astype(np.uint8)
    # A crop of its own size: what is read back is the same up to JPEG.
    side = drawn_face().crop_box.right - drawn_face().crop_box.left
    _, pictures = written(tmp_path, image, crop_size=side)
    square = drawn_face().crop_box
    part = image[square.top : square.bottom, square.left : square.right]
    expected = NOISE_GAIN * gray_magnitude(noise_residual(part, 5.0))
    seen = pictures["noise"].astype(float)
    assert np.abs(seen - np.clip(expected, 0, 255)).max() <= 8.5
    assert 20 < np.median(seen) < 200


def test_large_crops_and_pictures_are_shown_smaller(tmp_path):
    image = gradient(1200, 1600)
    _, pictures = written(tmp_path, image, crop_size=MAX_SIDE + 100)
    assert pictures["crop"].shape[0] == pictures["heat"].shape[0] == MAX_SIDE
    assert pictures["scene"].shape == (480, 640, 3)
    assert (image == gradient(1200, 1600)).all()


@pytest.mark.parametrize("size", [(1200, 1600), (120, 160)])
def test_the_scene_marks_the_face_where_it_is(tmp_path, size):
    plain = np.full((*size, 3), 90, np.uint8)
    paths = write_evidence(tmp_path, "x", plain, drawn_face())
    scene = read_image(tmp_path / paths["scene"]).astype(int)
    scale = scene.shape[1] / size[1]
    marked = np.abs(scene - 90).max(-1) > 40
    assert marked[round(69 * scale), round(60 * scale)]
    assert marked[round(50 * scale), round(79 * scale)]
    assert not marked[round(50 * scale), round(60 * scale)]


def test_workers_need_no_tensorflow():
    code = (
        "import sys, fakeloc_tf.inference.evidence, fakeloc_tf.inference.report;"
        "sys.exit(any(m in sys.modules for m in ('tensorflow', 'keras', 'numba')))"
    )
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0
