"""Faces rebuilt from principal components."""

import numpy as np
import pytest

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.data.self_blending import mean_face
from fakeloc_tf.manipulate import geometry
from fakeloc_tf.manipulate.eigenfaces import Eigenfaces


class _Draws:
    """A generator whose draws are known: how many components, no errors in them."""

    def __init__(self, count):
        self._count = count

    def uniform(self, low, high):
        return np.log(self._count)

    def normal(self, mean, sigma, shape):
        return np.zeros(shape)


@pytest.fixture(scope="module")
def faces():
    return [(p.image(), p.landmarks) for p in load_portraits(20)]


def _error(faces, count):
    """Mean absolute error inside the face, grey levels."""
    image, points = faces[0]
    image = image.astype(np.float32)
    rebuilt = Eigenfaces(faces, mean_face()).rebuilt(image, points, _Draws(count))
    face = geometry.polygon(points, *image.shape[:2]) > 0
    np.testing.assert_array_equal(rebuilt[:20], image[:20])
    return np.abs(rebuilt - image)[face].mean()


def test_more_components_are_nearer(faces):
    errors = [_error(faces, count) for count in (1, 6, 20)]
    assert errors[0] > errors[1] > 2 * errors[2]
    # All of them: what is left is 64 pixels instead of more.
    assert errors[2] < 5.0
