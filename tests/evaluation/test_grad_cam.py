"""Grad-CAM against a case computed by hand and one by loops."""

import numpy as np
import tensorflow as tf

from fakeloc_tf.evaluation.grad_cam import grad_cam


def test_a_linear_score_by_hand():
    """score = 8·mean(A_0) − 4·mean(A_1) over 2 × 2 places: α = (2, −1)."""
    maps = tf.constant(
        [[[[1.0, 0.0], [0.0, 1.0]], [[3.0, 2.0], [1.0, 2.0]]]]  # [1, 2, 2, channel]
    )

    def score(maps):
        means = tf.reduce_mean(maps, axis=(1, 2))
        return (8.0 * means[:, 0] - 4.0 * means[:, 1])[:, None]

    # 2·A_0 − A_1, and nothing where that is negative.
    np.testing.assert_allclose(grad_cam(score, maps), [[[2.0, 0.0], [4.0, 0.0]]])


def test_faces_of_a_batch_are_weighted_by_their_own_gradients():
    rng = np.random.default_rng(0)
    maps = rng.normal(size=(3, 4, 5, 6)).astype("float32")
    kernel = rng.normal(size=(4, 5, 6)).astype("float32")

    def score(maps):
        return tf.reduce_sum(kernel * maps**2, axis=(1, 2, 3))[:, None]

    found = grad_cam(score, tf.constant(maps))
    for face, cam in zip(maps, found, strict=True):
        weights = [(2 * kernel[..., c] * face[..., c]).mean() for c in range(6)]
        wanted = sum(w * face[..., c] for c, w in enumerate(weights))
        np.testing.assert_allclose(cam, np.maximum(wanted, 0), rtol=1e-4, atol=1e-5)
    assert (found == 0).any() and (found > 0).any()
