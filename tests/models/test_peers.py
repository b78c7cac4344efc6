"""The paper's other baselines: MesoNet's two networks, which have no heads."""

import keras
import numpy as np
import pytest
import tensorflow as tf
from test_variants import check_training_and_file

from fakeloc_tf.config import BackboneConfig, ModelConfig
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models import backbones, detector
from fakeloc_tf.models.transfer import named_variables

MESONETS = ("MesoNet4", "MesoInception4")


def make_config(name, size=64, **changes):
    backbone = BackboneConfig(name=name, weights="none")
    return ModelConfig(image_size=size, backbone=backbone, heads=(), **changes)


@pytest.mark.parametrize(
    ("name", "published"), zip(MESONETS, (27_977, 28_615), strict=True)
)
def test_mesonet_has_the_published_number_of_parameters(name, published):
    model = detector.build_detector(make_config(name, 256))

    count = sum(int(np.prod(v.shape)) for v in model.trainable_variables)
    assert count == published


class Reference:
    """MesoNet's arithmetic, from the weights' names alone."""

    def __init__(self, model):
        weights = named_variables(model)
        self.weights = {
            name.split("/", 1)[-1]: value.numpy() for name, value in weights.items()
        }

    def convolve(self, tensor, name, dilation=1):
        kernel, bias = (self.weights[f"{name}/{part}"] for part in ("kernel", "bias"))
        maps = tf.nn.conv2d(tensor, kernel, 1, "SAME", dilations=dilation)
        return np.maximum(maps + bias, 0)

    def inception(self, tensor, name):
        """1×1, and 1×1 before 3×3 with dilation 1, 2 and 3."""
        parts = [self.convolve(tensor, f"{name}_plain")]
        for dilation in (1, 2, 3):
            narrow = self.convolve(tensor, f"{name}_narrow{dilation}")
            parts.append(self.convolve(narrow, f"{name}_dilated{dilation}", dilation))
        return np.concatenate(parts, -1)

    def norm_and_pool(self, tensor, number, side):
        w = {
            part: self.weights[f"norm{number}/{part}"]
            for part in ("gamma", "beta", "moving_mean", "moving_variance")
        }
        normal = (tensor - w["moving_mean"]) / np.sqrt(w["moving_variance"] + 1e-3)
        return tf.nn.max_pool2d(normal * w["gamma"] + w["beta"], side, side, "SAME")

    def label(self, image, name):
        tensor = np.float32(image / 255)
        for number, pool in enumerate((2, 2, 2, 4), start=1):
            if name == "MesoInception4" and number < 3:
                tensor = self.inception(tensor, f"inception{number}")
            else:
                tensor = self.convolve(tensor, f"conv{number}")
            tensor = self.norm_and_pool(tensor, number, pool)
        flat = np.reshape(tensor, (len(image), -1))
        w = self.weights
        dense = flat @ w["classify3_dense/kernel"] + w["classify3_dense/bias"]
        features = np.where(dense > 0, dense, 0.1 * dense)
        return features, features @ w["label/kernel"] + w["label/bias"]


@pytest.mark.parametrize("name", MESONETS)
def test_mesonet_computes_what_its_paper_says(name):
    model = detector.build_detector(make_config(name, 80))
    rng = np.random.default_rng(3)
    for variable in model.weights:  # zeros and ones would hide a mistake
        shape, old = tuple(variable.shape), variable.numpy()
        variable.assign(old + rng.uniform(0.01, 0.2, shape).astype("float32"))
    image = rng.uniform(0, 255, (2, 80, 80, 3)).astype("float32")

    outputs = model(image, training=False)

    features, label = Reference(model).label(image, name)
    np.testing.assert_allclose(outputs["features"], features, rtol=1e-4, atol=1e-4)
    np.testing.assert_allclose(outputs["label"], label, rtol=1e-4, atol=1e-4)
    # Dropout in training: half of the inputs, and of the features.
    kinds = [type(layer) for layer in model.get_layer("classifier").layers]
    assert kinds.count(keras.layers.Dropout) == 2
    trained = model(image, training=True)["features"].numpy()
    assert (trained == 0).any() and not (outputs["features"].numpy() == 0).any()


@pytest.mark.parametrize("name", MESONETS)
def test_mesonet_trains_and_is_saved(name, tmp_path):
    config = make_config(name, five_way=True)
    model = detector.build_detector(config)

    assert set(model.output) == {"label", "method", "features"}
    check_training_and_file(model, config, tmp_path)


@pytest.mark.parametrize("name", MESONETS)
def test_mesonet_has_neither_heads_nor_published_weights(name):
    config = make_config(name).model_copy(update={"heads": ("noise",)})
    with pytest.raises(FakelocError, match=rf"{name} has no taps.*model.heads=\[\]"):
        detector.build_detector(config)
    for weights in ("imagenet", "some.weights.h5"):
        backbone = BackboneConfig(name=name, weights=weights)
        with pytest.raises(FakelocError, match=rf"{weights}: {name}.*weights=none"):
            backbones.build_backbone(backbone, 64, taps=("final",))
