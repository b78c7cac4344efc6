import keras
import numpy as np
import pytest

from fakeloc_tf.models import heads
from fakeloc_tf.models.layouts import BilinearResize, LayoutBuilder

TAP_SHAPES = {"shallow": (27, 27, 64), "middle": (9, 9, 256), "deep": (5, 5, 728)}


def build(preset, tap, channels=1, width=0.125):
    builder = LayoutBuilder(width=width, batch_norm_momentum=0.9)
    head = heads.HEADS[preset][tap]
    return heads.build_head(head, TAP_SHAPES[tap], channels, builder, f"{tap}_head")


@pytest.mark.parametrize("preset", ["paper", "official"])
@pytest.mark.parametrize("tap", list(TAP_SHAPES))
def test_map_has_the_size_of_its_tap(preset, tap):
    model = build(preset, tap, channels=2)

    assert tuple(model.output["map"].shape) == (None, *TAP_SHAPES[tap][:2], 2)


def test_official_has_neither_normalisation_nor_activation():
    for tap in TAP_SHAPES:
        for layer in build("official", tap).layers:
            assert not isinstance(
                layer, keras.layers.BatchNormalization | keras.layers.ReLU
            )
            # Biased throughout.
            assert getattr(layer, "use_bias", True)


@pytest.mark.parametrize(
    ("tap", "filters"),
    [("shallow", [128, 256, 64]), ("middle", [512]), ("deep", [256, 64, 16])],
)
def test_paper_has_the_filters_of_the_paper(tap, filters):
    separable = [
        layer.filters
        for layer in build("paper", tap, width=1.0).layers
        if isinstance(layer, keras.layers.SeparableConv2D)
    ]

    assert separable == filters


def test_one_by_one_convolution_then_resize_is_resize_then_convolution():
    """What lets the `paper` heads make their map at the small size."""
    features = np.random.default_rng(0).normal(size=(1, 4, 4, 3)).astype("float32")
    convolve = keras.layers.Conv2D(1, 1, bias_initializer="ones")
    resize = BilinearResize(11, 11)

    np.testing.assert_allclose(
        resize(convolve(features)), convolve(resize(features)), atol=1e-5
    )


def test_official_features_of_the_deep_head_are_linear():
    model = build("official", "deep")
    features = keras.Model(model.input, model.output["features"])
    rng = np.random.default_rng(0)
    a, b = (rng.normal(size=(1, *TAP_SHAPES["deep"])).astype("float32") for _ in "ab")

    # The biases start at 0.
    np.testing.assert_allclose(
        features(2 * a - b), 2 * features(a) - features(b), atol=1e-3
    )
