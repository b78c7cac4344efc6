import keras
import numpy as np
import pytest

from fakeloc_tf.models import fusion
from fakeloc_tf.models.layouts import LayoutBuilder

GAMMA = (0.1, 0.2, 0.7)


def logit(probability):
    return np.log(probability) - np.log1p(-probability)


def constant_maps(shallow, middle, deep):
    """Logits of constant probabilities, with the three sizes of a 31-pixel input."""
    pairs = {"shallow": (shallow, 13), "middle": (middle, 4), "deep": (deep, 2)}
    return {
        tap: np.full((1, side, side, 1), logit(value), "float32")
        for tap, (value, side) in pairs.items()
    }


def test_fused_map_of_constant_maps_by_hand():
    fused = fusion.fuse_maps(constant_maps(0.5, 0.25, 0.75), GAMMA, 31)

    assert fused.shape == (1, 31, 31, 1)
    np.testing.assert_allclose(fused, 0.1 * 0.5 + 0.2 * 0.25 + 0.7 * 0.75, atol=1e-6)


def test_probabilities_are_resized_not_logits():
    deep = np.float32([[[[-100.0], [100.0]]]])
    maps = {tap: deep for tap in ("shallow", "middle", "deep")}

    fused = np.array(fusion.fuse_maps(maps, (0.0, 0.0, 1.0), 4))

    # Half-pixel centres: 0, a quarter of the way, three quarters, 1.
    np.testing.assert_allclose(fused[0, 0, :, 0], [0, 0.25, 0.75, 1], atol=1e-6)


def test_fused_map_uses_the_mask_channel_and_stays_in_range():
    rng = np.random.default_rng(0)
    maps = {
        tap: rng.normal(scale=30, size=(2, side, side, 2)).astype("float32")
        for tap, side in (("shallow", 13), ("middle", 4), ("deep", 2))
    }

    fused = np.array(fusion.fuse_maps(maps, GAMMA, 31))
    first = fusion.fuse_maps({t: m[..., :1] for t, m in maps.items()}, GAMMA, 31)

    np.testing.assert_array_equal(fused, first)
    assert fused.min() >= 0 and fused.max() <= 1


def test_gamma_must_sum_to_one():
    with pytest.raises(ValueError, match="gamma"):
        fusion.fuse_maps(constant_maps(0.5, 0.5, 0.5), (0.5, 0.5, 0.5), 31)


def test_gamma_of_absent_maps_is_shared_out():
    maps = constant_maps(0.5, 0.25, 0.75)
    del maps["middle"]

    fused = fusion.fuse_maps(maps, GAMMA, 31)

    np.testing.assert_allclose(fused, (0.1 * 0.5 + 0.7 * 0.75) / 0.8, atol=1e-6)
    deep = fusion.fuse_maps({"deep": maps["deep"]}, GAMMA, 31)
    np.testing.assert_allclose(deep, 0.75, atol=1e-6)
    assert fusion.map_weights(GAMMA, ("deep", "shallow", "middle")) == pytest.approx(
        dict(zip(("shallow", "middle", "deep"), GAMMA, strict=True))
    )


@pytest.mark.parametrize("taps", [(), ("last",), ("shallow",)])
def test_maps_without_a_weight_are_refused(taps):
    with pytest.raises(ValueError, match="`taps`"):
        fusion.map_weights((0.0, 0.3, 0.7), taps)


def test_attention_by_hand():
    features = np.float32([[[[1.0, 2.0], [3.0, 4.0]]]])
    logits = np.float32([[[[0.0, 9.0], [np.log(3.0), 9.0]]]])

    sigmoid = fusion.SpatialAttention("sigmoid")(features, logits)
    raw = fusion.SpatialAttention("raw")(features, logits)

    np.testing.assert_allclose(sigmoid[0, 0], [[0.5, 1.0], [2.25, 3.0]], rtol=1e-6)
    np.testing.assert_allclose(raw[0, 0, 0], [0.0, 0.0])
    np.testing.assert_allclose(raw[0, 0, 1], np.log(3.0) * features[0, 0, 1])


def test_unknown_gate_is_refused():
    with pytest.raises(ValueError, match="Received: gate='tanh'"):
        fusion.SpatialAttention("tanh")


def build(preset, shapes, map_shape):
    builder = LayoutBuilder(width=0.125, batch_norm_momentum=0.9)
    return fusion.build_classifier(preset, shapes, map_shape, 3, builder)


def test_classifier_without_a_map_takes_the_features_as_they_are():
    model = build("paper", [(8, 8, 6)], None)
    attended = build("paper", [(8, 8, 6)], (8, 8, 1))
    attended.set_weights(model.get_weights())
    features = np.random.default_rng(0).normal(size=(2, 8, 8, 6)).astype("float32")
    # The sigmoid of 100 is 1.
    certain = np.full((2, 8, 8, 1), 100, "float32")

    plain = model([features])

    for name, value in attended([features, certain]).items():
        np.testing.assert_allclose(plain[name], value, atol=1e-6, err_msg=name)


def test_plain_classifier_is_linear_in_the_mean_of_the_features():
    model = build("plain", [(3, 3, 6)], None)
    features = np.random.default_rng(0).normal(size=(2, 3, 3, 6)).astype("float32")

    outputs = model([features])

    for name, outputs_count in (("label", 1), ("method", 3)):
        kernel, bias = model.get_layer(name).get_weights()
        assert kernel.shape == (6, outputs_count)
        expected = features.mean((1, 2)) @ kernel + bias
        np.testing.assert_allclose(outputs[name], expected, atol=1e-5)


@pytest.mark.parametrize(
    "layer",
    [fusion.SpatialAttention("raw", name="a"), fusion.MapFusion(GAMMA, 31, name="b")],
)
def test_config_round_trip(layer):
    text = keras.saving.serialize_keras_object(layer)

    again = keras.saving.deserialize_keras_object(text)

    assert again.get_config() == layer.get_config()
