import keras
import numpy as np
import pytest

from fakeloc_tf.config import BackboneConfig
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models import backbones
from fakeloc_tf.models.transfer import named_variables

THIN = BackboneConfig(weights="none", width=0.125)


@pytest.fixture(scope="module")
def application(tmp_path_factory):
    """The published Xception with random weights and statistics, and its file."""
    keras.utils.set_random_seed(1)
    model = keras.applications.Xception(
        weights=None, include_top=False, input_shape=(96, 96, 3)
    )
    rng = np.random.default_rng(1)
    for variable in model.non_trainable_weights:
        variable.assign(rng.uniform(0.5, 1.5, variable.shape).astype("float32"))
    path = tmp_path_factory.mktemp("weights") / "xception.weights.h5"
    model.save_weights(path)
    return model, path


def test_taps_equal_the_application_with_the_same_weights(application, caplog):
    model, path = application
    image = np.random.default_rng(2).uniform(-1, 1, (2, 96, 96, 3)).astype("float32")
    expected = keras.Model(
        model.input,
        [
            model.get_layer("block1_conv2_act").output,
            model.get_layer("block4_sepconv1_act").input,
            model.get_layer("block13_sepconv1_act").input,
        ],
    )(image)

    with caplog.at_level("INFO"):
        backbone = backbones.build_backbone(BackboneConfig(weights=str(path)), 96)

    taps = backbone(image)
    for tap, value in zip(backbones.TAPS, expected, strict=True):
        # Values of up to 20: the order of batch normalisation's products differs.
        np.testing.assert_allclose(taps[tap], value, rtol=1e-5, atol=1e-6, err_msg=tap)
    assert f"{len(backbone.weights)} arrays copied, 0 missing" in caplog.text


@pytest.mark.parametrize(
    ("size", "shapes"),
    [
        (64, ((29, 29, 64), (8, 8, 256), (4, 4, 728))),
        (299, ((147, 147, 64), (37, 37, 256), (19, 19, 728))),
    ],
)
def test_shapes_at_full_width(size, shapes):
    backbone = backbones.build_backbone(BackboneConfig(weights="none"), size)

    found = tuple(tuple(backbone.output[tap].shape[1:]) for tap in backbones.TAPS)
    assert found == shapes


def test_thin_backbone_is_cut_and_scaled():
    backbone = backbones.build_backbone(THIN, 64)

    assert not any(layer.name.startswith("block13") for layer in backbone.layers)
    assert [backbone.output[tap].shape[-1] for tap in backbones.TAPS] == [8, 32, 91]
    assert backbones.scale_filters(64, 1.0) == 64
    assert backbones.scale_filters(32, 0.1) == 8


def test_names_do_not_depend_on_what_was_built_before():
    first, second = (backbones.build_backbone(THIN, 64) for _ in range(2))

    names = list(named_variables(first))
    assert names == list(named_variables(second))
    assert "block4_shortcut/kernel" in names
    assert len(names) == len(first.weights)


def test_batch_norm_is_synchronised_and_has_the_momentum():
    backbone = backbones.build_backbone(THIN, 64, batch_norm_momentum=0.8)

    norms = [
        layer
        for layer in backbone.layers
        if isinstance(layer, keras.layers.BatchNormalization)
    ]
    assert norms and all(norm.synchronized and norm.momentum == 0.8 for norm in norms)


def test_thin_backbone_has_no_published_weights():
    with pytest.raises(FakelocError, match="weights=none"):
        backbones.build_backbone(BackboneConfig(width=0.5), 64)


@pytest.mark.filterwarnings("ignore:Skipping nested container")
def test_weights_that_cannot_be_read_are_named(tmp_path):
    missing = tmp_path / "missing.weights.h5"
    broken = tmp_path / "broken.weights.h5"
    broken.write_bytes(b"no weights")
    other = tmp_path / "other.weights.h5"
    keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]).save_weights(other)

    for path in (missing, broken, other):
        with pytest.raises(FakelocError, match=path.name):
            backbones.build_backbone(BackboneConfig(weights=str(path)), 64)


def test_a_failed_download_says_what_to_do(monkeypatch):
    def fail(weights, **kwargs):
        raise Exception(f"URL fetch failure: {weights}")  # as keras.utils.get_file does

    spec = backbones.BACKBONES["xception"]
    offline = backbones.Backbone(fail, spec.taps, spec.renamed)
    monkeypatch.setitem(backbones.BACKBONES, "xception", offline)

    with pytest.raises(FakelocError, match="model.backbone.weights=PATH"):
        backbones.build_backbone(BackboneConfig(), 64)
