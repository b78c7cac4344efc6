"""The rows of Tables VII and VIII: detectors with fewer heads and fewer taps."""

import keras
import numpy as np
import pytest
import tensorflow as tf
import tiny_backbone

from fakeloc_tf.config import BackboneConfig, ModelConfig
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models import backbones, detector
from fakeloc_tf.models.scorer import require_localization, score_faces
from fakeloc_tf.models.transfer import named_variables

TAPS = ("shallow", "middle", "deep")
HEADS = [("semantic", "noise"), ("semantic",), ("noise",), ()]
# `official` needs a deep map of 19 × 19.
SIZES = {"paper": 64, "official": 299}


@pytest.fixture
def tiny(monkeypatch):
    monkeypatch.setitem(backbones.BACKBONES, "xception", tiny_backbone.TINY)


def make_config(preset="paper", name="xception", **changes):
    width = 0.125 if name == "xception" else 1.0
    backbone = BackboneConfig(name=name, weights="none", width=width)
    size = SIZES[preset]
    return ModelConfig(preset=preset, image_size=size, backbone=backbone, **changes)


def faces(size, count=2):
    rng = np.random.default_rng(7)
    return rng.uniform(0, 255, (count, size, size, 3)).astype("float32")


def gradients_of_everything(model):
    """One gradient of a loss that every output takes part in."""
    with tf.GradientTape() as tape:
        outputs = model(faces(model.input.shape[1]), training=True)
        loss = sum(tf.reduce_mean((value - 1.0) ** 2) for value in outputs.values())
    return tape.gradient(loss, model.trainable_weights)


def check_training_and_file(model, config, folder):
    """Every weight has a gradient, and a file has what a step has made of them."""
    gradients = gradients_of_everything(model)
    for weight, gradient in zip(model.trainable_weights, gradients, strict=True):
        assert gradient is not None, weight.path
        assert np.isfinite(gradient).all(), weight.path
    keras.optimizers.SGD(1e-4).apply(gradients, model.trainable_weights)
    model.save(folder / "best.keras")
    loaded = detector.load_detector(folder / "best.keras")
    detector.check_compatible(loaded, config)
    assert list(loaded.output) == list(model.output)
    assert list(named_variables(loaded)) == list(named_variables(model))
    image = faces(config.image_size)
    for name, value in model(image).items():
        np.testing.assert_allclose(loaded(image)[name], value, atol=1e-5, err_msg=name)


@pytest.mark.parametrize("preset", list(SIZES))
@pytest.mark.parametrize("heads", HEADS, ids=lambda heads: "+".join(heads) or "plain")
def test_variants_train_and_are_saved(tiny, preset, heads, tmp_path):
    config = make_config(preset, heads=heads, five_way=True)
    model = detector.build_detector(config)

    maps = {f"{kind}_{tap}" for kind in heads for tap in TAPS}
    assert set(model.output) == maps | {"label", "method", "features"}
    assert set(detector.map_sizes(model)) == (set(TAPS) if heads else set())
    check_training_and_file(model, config, tmp_path)


@pytest.mark.parametrize("heads", HEADS[:3], ids="+".join)
@pytest.mark.parametrize("taps", [("deep",), ("deep", "shallow"), ("middle", "deep")])
def test_heads_are_at_the_taps_of_the_config(tiny, heads, taps, tmp_path):
    config = make_config(heads=heads, taps=taps)
    model = detector.build_detector(config)

    maps = {f"{kind}_{tap}" for kind in heads for tap in taps}
    assert set(model.output) == maps | {"label", "features"}
    assert set(detector.map_sizes(model)) == set(taps)
    assert set(model.get_layer("backbone").output) == set(taps)
    check_training_and_file(model, config, tmp_path)


def test_inference_adds_what_the_heads_allow(tiny):
    for heads in HEADS:
        config = make_config(heads=heads)
        model = detector.build_detector(config)
        inference = detector.inference_model(model, config)
        scores = score_faces(inference, faces(64))
        expected = {"probability", *(["localization"] if "semantic" in heads else [])}
        assert set(inference.output) == set(model.output) | expected
        assert set(scores) == expected
        if "semantic" in heads:
            require_localization(inference, "runs/a")
        else:
            with pytest.raises(FakelocError, match="runs/a has no semantic heads"):
                require_localization(inference, "runs/a")


def test_localization_of_one_tap_is_its_map(tiny):
    config = make_config(taps=("deep",))
    model = detector.inference_model(detector.build_detector(config), config)
    image = faces(64)

    outputs = model(image)

    probability = tf.sigmoid(outputs["semantic_deep"])
    expected = tf.image.resize(probability, (64, 64))
    np.testing.assert_allclose(outputs["localization"], expected, atol=1e-6)


def test_plain_baseline_is_the_published_network_and_a_layer():
    """The first row of Table VII: Xception as it is, pooled, and one neuron."""
    config = make_config(heads=())
    model = detector.build_detector(
        config.model_copy(update={"backbone": BackboneConfig(weights="none")})
    )
    published = keras.applications.Xception(weights=None, classes=1)

    assert model.count_params() == published.count_params()
    image = faces(64)
    backbone = model.get_layer("backbone")
    features = backbone((image / 127.5) - 1.0)["final"]
    kernel, bias = model.get_layer("classifier").get_layer("label").get_weights()
    expected = np.mean(features, (1, 2)) @ kernel + bias
    np.testing.assert_allclose(model(image)["label"], expected, atol=1e-4)


def test_the_parts_of_a_step_are_parts_of_the_whole(tiny):
    config = make_config()
    whole = detector.build_detector(config)
    shapes = {name: tuple(v.shape) for name, v in named_variables(whole).items()}

    for heads in (("semantic",), ("noise",), ("noise", "semantic")):
        part = detector.build_detector(config, heads=heads, classifier=False)
        detector.check_compatible(part, config)
        assert set(part.output) == {f"{kind}_{tap}" for kind in heads for tap in TAPS}
        for name, variable in named_variables(part).items():
            assert shapes[name] == tuple(variable.shape)


@pytest.mark.parametrize(
    ("changes", "word"),
    [
        ({"taps": ("shallow", "middle")}, "model.taps"),
        ({"taps": ()}, "model.taps"),
        ({"taps": ("deep", "deep")}, "model.taps"),
        ({"heads": ("noise", "noise")}, "model.heads"),
        ({"taps": ("deep",), "gamma": (0.5, 0.5, 0.0)}, "model.gamma"),
    ],
)
def test_what_does_not_go_together_is_refused(changes, word):
    with pytest.raises(FakelocError, match=word):
        detector.build_detector(make_config(**changes))


def test_a_detector_of_nothing_is_a_programming_error():
    with pytest.raises(ValueError, match="nothing to build"):
        detector.build_detector(make_config(), heads=(), classifier=False)


def test_a_plain_baseline_is_told_from_another_width():
    model = detector.build_detector(make_config(heads=()))
    other = BackboneConfig(weights="none", width=0.25)
    config = make_config(heads=()).model_copy(update={"backbone": other})

    with pytest.raises(FakelocError, match="model.backbone.width .channels of the fin"):
        detector.check_compatible(model, config)


@pytest.mark.parametrize(
    "name",
    [
        "MobileNetV3Small",
        pytest.param("ResNet50", marks=pytest.mark.slow),
        pytest.param("EfficientNetV2B0", marks=pytest.mark.slow),
        pytest.param("EfficientNetV2S", marks=pytest.mark.slow),
        pytest.param("ConvNeXtTiny", marks=pytest.mark.slow),
    ],
)
@pytest.mark.parametrize("heads", [("semantic", "noise"), ()], ids=["all", "plain"])
def test_other_backbones_train_and_are_saved(name, heads, tmp_path):
    config = make_config(name=name, heads=heads)
    model = detector.build_detector(config)

    assert model.name == f"fakeloc_paper_{name}"
    check_training_and_file(model, config, tmp_path)


@pytest.mark.parametrize(
    ("name", "black", "white"),
    [
        ("EfficientNetV2B0", -0.485 / 0.229, (1 - 0.406) / 0.225),
        ("MobileNetV3Small", -1.0, 1.0),
    ],
)
def test_input_is_scaled_as_the_backbone_expects(name, black, white):
    scale = detector.build_detector(make_config(name=name)).get_layer("scale")

    scaled = scale(np.float32([[0, 0, 0], [255, 255, 255]]))
    assert float(scaled[0, 0]) == pytest.approx(black, abs=1e-6)
    assert float(scaled[1, 2]) == pytest.approx(white, abs=1e-5)
