import json

import keras
import numpy as np
import pytest

from fakeloc_tf.config import BackboneConfig
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models import backbones
from fakeloc_tf.models.applications import BACKBONES, FINAL, TAPS
from fakeloc_tf.models.transfer import named_variables

THIN = BackboneConfig(weights="none", width=0.125)
ALL = (*TAPS, FINAL)
# The first layer after each tap.
NEXT = {
    "xception": ("block2_sepconv1", "block4_sepconv1_act", "block13_sepconv1_act"),
    "EfficientNetV2B0": ("block2a_expand_conv", "block4a_expand_conv"),
    "MobileNetV3Small": (
        "expanded_conv_depthwise_pad",
        "expanded_conv_3_expand",
        "expanded_conv_8_expand",
    ),
    "ConvNeXtTiny": tuple(
        f"convnext_tiny_stage_{stage}_block_0_depthwise_conv" for stage in (1, 2, 3)
    ),
    "ResNet50": ("pool1_pad", "conv4_block1_1_conv", "conv5_block1_1_conv"),
}
NEXT["EfficientNetV2B0"] += ("block6a_expand_conv",)
NEXT["EfficientNetV2S"] = NEXT["EfficientNetV2B0"]
OTHERS = tuple(name for name in NEXT if not BACKBONES[name].thin)
# These leave the preprocessing to their user.
PREPROCESSING = {
    "xception": keras.applications.xception.preprocess_input,
    "ResNet50": keras.applications.resnet50.preprocess_input,
}
S_IS_SLOW = [
    pytest.param(name, marks=pytest.mark.slow)
    if name in ("EfficientNetV2B0", "EfficientNetV2S", "ConvNeXtTiny")
    else name
    for name in NEXT
]
RESNET_TOO = [
    pytest.param(name, marks=pytest.mark.slow) if name == "ResNet50" else name
    for name in S_IS_SLOW
]
BUILT = {}


def whole(name):
    """The backbone with all taps for 128 pixels, built once."""
    if name not in BUILT:
        config = BackboneConfig(name=name, weights="none")
        BUILT[name] = backbones.build_backbone(config, 128, taps=ALL)
    return BUILT[name]


def application_of(name, **options):
    build = BACKBONES[name].application
    return build(weights=None, include_top=False, **options)


def randomise(model):
    """Other statistics than at the start, and blocks that do more than pass on."""
    rng = np.random.default_rng(1)
    for variable in model.weights:
        if not variable.trainable or "layer_scale" in variable.path:
            variable.assign(rng.uniform(0.5, 1.5, variable.shape).astype("float32"))


@pytest.fixture
def double_precision():
    """Some hundred layers of random weights amplify float32's rounding a lot: Keras'
    own EfficientNetV2S differs by 1e-3 of the maximum between eager and graph."""
    before = keras.config.dtype_policy()
    keras.config.set_floatx("float64")
    # Once asked for, the policy no longer follows floatx.
    keras.config.set_dtype_policy("float64")
    yield
    keras.config.set_floatx("float32")
    keras.config.set_dtype_policy(before)


@pytest.mark.usefixtures("double_precision")
@pytest.mark.parametrize("name", S_IS_SLOW)
def test_taps_equal_the_application_on_pictures_of_0_to_255(name, tmp_path, caplog):
    """With the application's own preprocessing, and its weights from a file."""
    keras.utils.set_random_seed(0)
    model = application_of(name, input_shape=(96, 96, 3))
    randomise(model)
    path = tmp_path / "published.weights.h5"
    model.save_weights(path)
    image = np.random.default_rng(2).uniform(0, 255, (2, 96, 96, 3)).astype("float32")
    inputs = [model.get_layer(layer).input for layer in NEXT[name]]
    start = PREPROCESSING.get(name, np.asarray)(image.copy())
    *expected, final = keras.Model(model.input, [*inputs, model.output])(start)

    with caplog.at_level("INFO"):
        backbone = backbones.build_backbone(
            BackboneConfig(name=name, weights=str(path)), 96, taps=ALL
        )

    spec = BACKBONES[name]
    taps = backbone(keras.layers.Rescaling(spec.scale, offset=spec.offset)(image))
    for number, (tap, value) in enumerate(zip(TAPS, expected, strict=True)):
        ours = taps[tap]
        if name == "ConvNeXtTiny":  # what follows a tap is a small model there
            ours = model.get_layer(f"convnext_tiny_downsampling_block_{number}")(ours)
        tolerance = 1e-6 * np.abs(value).max()
        np.testing.assert_allclose(ours, value, atol=tolerance, err_msg=tap)
    np.testing.assert_allclose(taps[FINAL], final, atol=1e-6 * np.abs(final).max())
    count = len(backbone.weights)
    assert f"{count} arrays matched, 0 missing, 0 unexpected" in caplog.text
    assert f"{count} arrays copied, 0 missing, 0 not used" in caplog.text


@pytest.mark.parametrize(
    ("size", "shapes"),
    [
        (64, ((29, 29, 64), (8, 8, 256), (4, 4, 728))),
        (299, ((147, 147, 64), (37, 37, 256), (19, 19, 728))),
    ],
)
def test_shapes_at_full_width(size, shapes):
    backbone = backbones.build_backbone(BackboneConfig(weights="none"), size)

    found = tuple(tuple(backbone.output[tap].shape[1:]) for tap in TAPS)
    assert found == shapes


@pytest.mark.parametrize("name", RESNET_TOO)
def test_names_and_configuration_do_not_depend_on_what_was_built_before(name):
    first = whole(name)
    config = BackboneConfig(name=name, weights="none")
    second = backbones.build_backbone(config, 128, taps=ALL)

    names = list(named_variables(first))
    assert len(set(names)) == len(names) == len(first.weights)
    assert names == list(named_variables(second))
    one, two = (
        json.dumps(keras.saving.serialize_keras_object(model))
        for model in (first, second)
    )
    assert one == two


def test_names_do_not_depend_on_where_the_backbone_ends():
    deep, final = (
        list(named_variables(backbones.build_backbone(THIN, 64, taps=taps)))
        for taps in (TAPS, (FINAL,))
    )

    assert set(deep) < set(final)
    # The residual blocks' convolutions, which Keras gives no name.
    assert "conv2d_3/kernel" in deep and "conv2d_4/kernel" not in deep
    assert "conv2d_4/kernel" in final and "conv2d_5/kernel" not in final


@pytest.mark.parametrize("name", list(NEXT))
def test_strides_and_channels_are_as_declared(name):
    outputs = whole(name).output

    assert list(outputs) == list(ALL)
    channels = [BACKBONES[name].taps[tap].channels for tap in ALL]
    assert [value.shape[-1] for value in outputs.values()] == channels
    # Xception's first two convolutions have no padding: 61 of 64.
    strides = [round(128 / value.shape[1]) for value in outputs.values()]
    assert strides == [4 if name == "ConvNeXtTiny" else 2, 8, 16, 32]


def test_resnet_has_the_published_number_of_parameters():
    # Keras' whole application, without its layer of 1,000 classes.
    classes = (2048 + 1) * 1000
    assert whole("ResNet50").count_params() == 25_636_712 - classes


def test_a_backbone_ends_at_the_deepest_tap():
    deep, shallow, final = (
        backbones.build_backbone(THIN, 64, taps=taps)
        for taps in (("deep", "shallow"), ("shallow",), (FINAL,))
    )

    assert not any(layer.name.startswith("block13") for layer in deep.layers)
    assert list(deep.output) == ["shallow", "deep"]
    assert not any(layer.name.startswith("block2") for layer in shallow.layers)
    assert any(layer.name.startswith("block14") for layer in final.layers)


@pytest.mark.parametrize("taps", [(), ("last",), ("deep", "deep")])
def test_unknown_taps_are_a_programming_error(taps):
    with pytest.raises(ValueError, match="`taps` must be some of"):
        backbones.build_backbone(THIN, 64, taps=taps)


def test_thin_backbone_is_scaled():
    backbone = backbones.build_backbone(THIN, 64)

    assert [backbone.output[tap].shape[-1] for tap in TAPS] == [16, 32, 96]
    assert backbones.scale_filters(64, 1.0) == 64
    assert backbones.scale_filters(32, 0.1) == 16
    # Not more than there are: MesoNet's inception modules have four.
    assert backbones.scale_filters(4, 0.1) == backbones.scale_filters(4, 1.0) == 4


@pytest.mark.parametrize("name", ["xception", "MobileNetV3Small"])
def test_batch_norm_is_synchronised_and_has_the_momentum(name):
    config = BackboneConfig(name=name, weights="none")
    backbone = backbones.build_backbone(config, 64, batch_norm_momentum=0.8)

    norms = [
        layer
        for layer in backbone.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert norms and all(norm.synchronized and norm.momentum == 0.8 for norm in norms)


def test_thin_backbone_has_no_published_weights():
    with pytest.raises(FakelocError, match="weights=none"):
        backbones.build_backbone(BackboneConfig(width=0.5), 64)


@pytest.mark.parametrize("name", OTHERS)
def test_others_cannot_be_thin(name):
    config = BackboneConfig(name=name, width=0.5, weights="none")
    with pytest.raises(FakelocError, match=rf"{name} cannot be made thin.*=xception"):
        backbones.build_backbone(config, 64)
