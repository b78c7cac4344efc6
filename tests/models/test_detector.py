import json
import math

import keras
import numpy as np
import pytest

from fakeloc_tf import losses
from fakeloc_tf.config import BackboneConfig, ModelConfig
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models import detector
from fakeloc_tf.models.transfer import transfer_weights

TAPS = ("shallow", "middle", "deep")
MAPS = {f"{kind}_{tap}" for kind in ("semantic", "noise") for tap in TAPS}


def make_config(size=96, width=0.125, **changes):
    backbone = BackboneConfig(weights="none", width=width)
    return ModelConfig(image_size=size, backbone=backbone, **changes)


def faces(count, size=96):
    rng = np.random.default_rng(7)
    return rng.uniform(0, 255, (count, size, size, 3)).astype("float32")


def trainable_parameters(model):
    return sum(math.prod(variable.shape) for variable in model.trainable_weights)


@pytest.fixture(scope="module")
def config():
    return make_config(five_way=True)


@pytest.fixture(scope="module")
def model(config):
    keras.utils.set_random_seed(3)
    return detector.build_detector(config)


@pytest.mark.parametrize("size", [64, 128])
def test_outputs_of_paper_at_any_size(size):
    config = make_config(size)
    model = detector.build_detector(config)

    outputs = model(faces(2, size))

    assert set(outputs) == MAPS | {"label", "features"}
    assert outputs["label"].shape == (2, 1)
    for tap, (height, width) in detector.map_sizes(model).items():
        taps = model.get_layer("backbone").output[tap].shape
        assert (height, width) == tuple(taps[1:3])
        assert outputs[f"semantic_{tap}"].shape == (2, height, width, 1)
        assert outputs[f"noise_{tap}"].shape == (2, height, width, 1)


def test_official_has_the_parameters_of_the_published_code():
    """The parity test: with it every layer of the published code is accounted for."""
    model = detector.build_detector(make_config(299, width=1.0, preset="official"))

    assert trainable_parameters(model) == 21_486_450
    assert detector.map_sizes(model) == {
        "shallow": (147, 147),
        "middle": (37, 37),
        "deep": (19, 19),
    }
    assert model.output["semantic_deep"].shape[-1] == 2
    assert model.output["noise_deep"].shape[-1] == 1


def test_paper_has_as_many_parameters_as_documented():
    model = detector.build_detector(make_config(299, width=1.0))

    assert trainable_parameters(model) == 15_066_151


def test_official_says_which_sizes_it_cannot_have():
    with pytest.raises(FakelocError, match="model.image_size=96"):
        detector.build_detector(make_config(96, preset="official"))


def test_official_runs_at_other_sizes_that_are_large_enough():
    model = detector.build_detector(make_config(331, preset="official"))

    assert model(faces(1, 331))["label"].shape == (1, 1)


def test_step_one_has_semantic_maps_only():
    model = detector.build_detector(
        make_config(), heads=("semantic",), classifier=False
    )

    assert set(model.output) == {f"semantic_{tap}" for tap in TAPS}


def test_weights_of_step_one_carry_over():
    config = make_config()
    first = detector.build_detector(config, heads=("semantic",), classifier=False)
    full = detector.build_detector(config)

    report = transfer_weights(first, full, allow_missing=("noise_", "classifier/"))

    assert len(report.matched) == len(first.weights) and not report.unexpected
    image = faces(2)
    for name, value in first(image).items():
        np.testing.assert_allclose(full(image)[name], value, atol=1e-5)


def test_every_weight_gets_a_gradient_and_a_step_lowers_the_loss():
    import tensorflow as tf

    config = make_config(64, five_way=True)
    model = detector.build_detector(config)
    image = faces(4, 64)
    targets = {
        "label": np.float32([[0], [1], [1], [0]]),
        "method": np.array([0, 1, 4, 0]),
        "mask_valid": np.ones(4, "float32"),
    }
    for tap, size in detector.map_sizes(model).items():
        targets[f"semantic_{tap}"] = np.ones((4, *size, 1), "float32")
        targets[f"noise_{tap}"] = np.ones((4, *size, 1), "float32")

    def loss():
        outputs = model(image, training=True)
        terms = losses.total_loss(outputs, targets, losses.LossWeights(0.1, 1.0))
        return tf.reduce_mean(terms["total"])

    with tf.GradientTape() as tape:
        before = loss()
    gradients = tape.gradient(before, model.trainable_weights)
    assert all(gradient is not None for gradient in gradients)
    assert all(np.isfinite(gradient).all() for gradient in gradients)
    keras.optimizers.SGD(1e-3).apply(gradients, model.trainable_weights)
    assert float(loss()) < float(before)


def test_input_is_scaled_inside(model):
    scale = model.get_layer("scale")

    np.testing.assert_allclose(
        scale(np.float32([0, 127.5, 255])), [-1, 0, 1], atol=1e-6
    )


def test_a_call_without_training_is_inference(model):
    """Fails with keras.layers.Resizing, which turns training on for what follows."""
    before = [variable.numpy() for variable in model.non_trainable_weights]
    image = faces(2)

    plain, inference = model(image), model(image, training=False)

    for name, value in plain.items():
        np.testing.assert_array_equal(value, inference[name], err_msg=name)
    for variable, value in zip(model.non_trainable_weights, before, strict=True):
        np.testing.assert_array_equal(variable, value, err_msg=variable.path)


def test_save_and_load(model, config, tmp_path):
    path = tmp_path / "best.keras"
    model.save(path)

    loaded = detector.load_detector(path)

    detector.check_compatible(loaded, config)
    image = faces(2)
    for name, value in model(image).items():
        np.testing.assert_allclose(loaded(image)[name], value, atol=1e-6)
    assert list(loaded.output) == list(model.output)


def test_config_round_trip(model):
    text = json.dumps(keras.saving.serialize_keras_object(model))

    again = keras.saving.deserialize_keras_object(json.loads(text))

    assert json.dumps(keras.saving.serialize_keras_object(again)) == text


def test_inference_model_adds_probability_and_map(model, config):
    image = faces(2)
    plain = model(image)

    outputs = detector.inference_model(model, config)(image)

    assert set(outputs) == set(plain) | {"probability", "localization"}
    expected = 1 / (1 + np.exp(-plain["label"].numpy()))
    np.testing.assert_allclose(outputs["probability"], expected, rtol=1e-5)
    maps = np.array(outputs["localization"])
    assert maps.shape == (2, 96, 96, 1) and maps.min() >= 0 and maps.max() <= 1


def test_inference_model_of_step_one_has_a_map_only():
    config = make_config(64)
    model = detector.build_detector(config, heads=("semantic",), classifier=False)

    inference = detector.inference_model(model, config)

    assert set(inference.output) == {*model.output, "localization"}


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"preset": "official"}, "model.preset"),
        ({"size": 128}, "model.image_size"),
        ({"width": 0.5}, "model.backbone.width"),
        ({"five_way": False}, "model.five_way"),
        ({"classes": ("pristine", "other")}, "model.five_way"),
        ({"heads": ("semantic",)}, "model.heads"),
        ({"heads": ()}, "model.heads"),
        ({"taps": ("shallow", "deep")}, "model.taps"),
    ],
)
def test_a_checkpoint_of_another_config_is_told(model, changes, word):
    other = make_config(**({"five_way": True} | changes))

    with pytest.raises(FakelocError, match=word):
        detector.check_compatible(model, other)


def test_a_checkpoint_with_another_backbone_is_told(model, config):
    other = BackboneConfig(name="MobileNetV3Small", weights="none")
    with pytest.raises(FakelocError, match="model.backbone.name is 'xception' in"):
        detector.check_compatible(model, config.model_copy(update={"backbone": other}))


def test_a_checkpoint_from_before_there_were_other_backbones_fits(model, config):
    earlier = keras.Model(model.input, model.output, name="fakeloc_paper")

    detector.check_compatible(earlier, config)


def test_a_checkpoint_that_cannot_be_read_is_named(tmp_path):
    broken = tmp_path / "broken.keras"
    broken.write_bytes(b"PK no model")
    other = tmp_path / "other.keras"
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save(other)

    for path in (tmp_path / "missing.keras", broken, other):
        with pytest.raises(FakelocError, match=path.name):
            detector.load_detector(path)


def test_gamma_is_checked_before_anything_is_built():
    with pytest.raises(FakelocError, match="model.gamma"):
        detector.build_detector(make_config(gamma=(0.5, 0.5, 0.5)))
