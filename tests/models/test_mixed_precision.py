"""Losses start in float32 whatever the precision of the layers before."""

import keras
import pytest

from fakeloc_tf.config import BackboneConfig, ModelConfig
from fakeloc_tf.models import detector


@pytest.fixture(params=["mixed_bfloat16", "mixed_float16"])
def precision(request):
    keras.config.set_dtype_policy(request.param)
    yield request.param
    keras.config.set_dtype_policy("float32")


@pytest.mark.parametrize("preset", ["paper", "official"])
def test_outputs_are_float32(preset, precision):
    config = ModelConfig(
        preset=preset,
        image_size=299,
        five_way=True,
        backbone=BackboneConfig(weights="none", width=0.125),
    )

    model = detector.build_detector(config)

    assert {
        name: output.dtype for name, output in model.output.items()
    } == dict.fromkeys(model.output, "float32")
    assert all(variable.dtype == "float32" for variable in model.weights)
    # The layers before are not.
    features = model.get_layer("semantic_deep_head").output["features"]
    assert features.dtype == precision.removeprefix("mixed_")
