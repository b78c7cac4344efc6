"""Faces rebuilt from principal components."""

import numpy as np
import pytest

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.data.self_blending import mean_face
from fakeloc_tf.manipulate import geometry
from fakeloc_tf.manipulate.eigenfaces import Eigenfaces


class _Draws:
    """A generator whose draws are known: how many components, no errors in them."""

    def __init__(self, count, drift=None, nobody=0.0):
        self._uniform = iter([np.log(count), drift])
        self._drifts = drift is not None
        self._nobody = nobody

    def uniform(self, low, high):
        return next(self._uniform)

    def random(self):
        return 0.0 if self._drifts else 1.0

    def normal(self, mean, sigma, shape):
        return np.zeros(shape)

    def standard_normal(self, count, dtype):
        return np.full(count, self._nobody, dtype)


@pytest.fixture(scope="module")
def faces():
    return [(p.image(), p.landmarks) for p in load_portraits(20)]


def _rebuilt(faces, draws):
    image, points = faces[0]
    return Eigenfaces(faces, mean_face()).rebuilt(image.astype("f4"), points, draws)


def _error(faces, count):
    """Mean absolute error inside the face, grey levels."""
    image, points = faces[0]
    image = image.astype(np.float32)
    rebuilt = _rebuilt(faces, _Draws(count))
    face = geometry.polygon(points, *image.shape[:2]) > 0
    np.testing.assert_array_equal(rebuilt[:20], image[:20])
    return np.abs(rebuilt - image)[face].mean()


def test_more_components_are_nearer(faces):
    errors = [_error(faces, count) for count in (1, 6, 20)]
    assert errors[0] > errors[1] > 2 * errors[2]
    # All of them: what is left is 96 pixels instead of more.
    assert errors[2] < 5.0


def test_a_face_drifts_to_the_mean_of_all(faces):
    """Where nobody's components are all 0, a whole drift leaves nothing of the face."""
    image, points = faces[0]
    face = geometry.polygon(points, *image.shape[:2]) > 0
    own, half, mean = (_rebuilt(faces, _Draws(20, t)) for t in (0.0, 0.5, 1.0))
    np.testing.assert_allclose(half, (own + mean) / 2, atol=0.01)
    assert np.abs(own - mean)[face].mean() > 10
    other = _rebuilt(faces, _Draws(20, 1.0, nobody=1.0))
    assert 5 < np.abs(other - mean)[face].mean() < 100
