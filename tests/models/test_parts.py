"""The detector cut at its deep tap gives what the whole one gives."""

import keras
import numpy as np
import pytest
import tiny_backbone
import toy_run

from fakeloc_tf import config
from fakeloc_tf.models import applications
from fakeloc_tf.models.detector import build_detector, inference_model
from fakeloc_tf.models.parts import split_detector


@pytest.mark.parametrize(
    "overrides",
    [
        (),
        ("model.heads=[]",),
        ("model.heads=[noise]",),
        ("model.heads=[semantic]", "model.taps=[deep]"),
    ],
    ids=["both", "plain", "noise", "semantic deep"],
)
def test_the_two_parts_make_the_label_of_the_whole(overrides, monkeypatch):
    monkeypatch.setitem(applications.BACKBONES, "xception", tiny_backbone.TINY)
    settings = config.load(None, toy_run.TOY + overrides).model
    model = inference_model(build_detector(settings), settings)
    parts = split_detector(model, "xception")
    images = np.random.default_rng(0).uniform(0, 255, (3, 64, 64, 3)).astype("float32")
    taps = parts.taps(images, training=False)
    assert [tuple(taps[tap].shape[:3]) for tap in applications.TAPS] == [
        (3, 32, 32),
        (3, 8, 8),
        (3, 4, 4),
    ]
    whole = keras.ops.convert_to_numpy(model(images, training=False)["label"])
    assert whole.std() > 0
    np.testing.assert_allclose(parts.label(taps["deep"]), whole, rtol=1e-5, atol=1e-6)
