"""Weights files: what fits is loaded, everything else is refused by name."""

import h5py
import keras
import numpy as np
import pytest
import tiny_backbone

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models.pretrained import load_application

PLAIN = {"include_preprocessing": False}
MOBILE = keras.applications.MobileNetV3Small


def load_mobile(path):
    return load_application(MOBILE, PLAIN, str(path))


def save(folder, model, name="file.weights.h5"):
    """Writes weights, or all of the model in Keras 2's format."""
    path = folder / name
    if name.endswith(".weights.h5"):
        model.save_weights(path)
    else:
        model.save(path)
    return path


@pytest.mark.parametrize("name", ["file.weights.h5", "file.h5"])
def test_a_file_that_fits_is_loaded(tmp_path, caplog, name):
    model = MOBILE(weights=None, include_top=False)
    path = save(tmp_path, model, name)

    with caplog.at_level("INFO"):
        loaded = load_mobile(path)

    for now, then in zip(loaded.get_weights(), model.get_weights(), strict=True):
        np.testing.assert_array_equal(now, then)
    assert f"{len(model.weights)} arrays matched, 0 missing" in caplog.text


@pytest.mark.parametrize("name", ["file.weights.h5", "file.h5"])
@pytest.mark.parametrize(
    "other",
    [
        lambda: MOBILE(weights=None, include_top=True),
        lambda: MOBILE(weights=None, include_top=False, alpha=0.75),
        lambda: tiny_backbone.tiny_application(None, False, (64, 64, 3)),
        lambda: keras.Sequential([keras.Input((4,)), keras.layers.Dense(2)]),
    ],
    ids=["top", "thin", "network", "toy"],
)
@pytest.mark.filterwarnings("ignore:Skipping nested container")
def test_the_file_of_another_network_is_refused(tmp_path, name, other):
    path = save(tmp_path, other(), name)

    with pytest.raises(FakelocError, match=f"{name} is no weights file") as error:
        load_mobile(path)
    assert "MobileNetV3Small(include_top=False, include" in str(error.value)


def arrays_of(path, change):
    """Takes a layer out of a file, or puts one in."""
    with h5py.File(path, "a") as file:
        change(file["layers"])


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (
            lambda layers: layers.__delitem__("conv2d_3"),
            r"1 missing \(such as layers/conv2d_3/vars/0\)",
        ),
        (
            lambda layers: layers.copy("conv2d_3", "conv2d_99"),
            r"1 unexpected \(such as layers/conv2d_99/vars/0\)",
        ),
        (
            lambda layers: layers.copy("conv2d_3/vars/0", "conv2d_3/vars/1"),
            r"1 unexpected \(such as layers/conv2d_3/vars/1\)",
        ),
        (
            lambda layers: layers.move("conv2d/vars/0", "conv2d_3/vars/1"),
            r"1 missing \(such as layers/conv2d/vars/0\); 1 unexpected",
        ),
    ],
)
def test_arrays_that_are_missing_or_left_over_are_counted(tmp_path, change, words):
    """Keras itself says nothing of a whole layer that is left over."""
    path = save(tmp_path, MOBILE(weights=None, include_top=False))
    arrays_of(path, change)

    with pytest.raises(FakelocError, match=words):
        load_mobile(path)


def test_arrays_of_another_shape_are_counted(tmp_path):
    path = save(tmp_path, MOBILE(weights=None, include_top=False, alpha=0.75))

    with pytest.raises(FakelocError, match=r"of another shape \(such as layers/batch"):
        load_mobile(path)


def test_a_file_that_cannot_be_read_is_named(tmp_path):
    broken = tmp_path / "broken.weights.h5"
    broken.write_bytes(b"no weights")
    other = tmp_path / "model.keras"
    other.write_bytes(b"no weights")

    for path, words in (
        (tmp_path / "missing.weights.h5", "no such file"),
        (broken, "is no weights file"),
        (other, "must end in .weights.h5 or .h5"),
    ):
        with pytest.raises(FakelocError, match=f"{path.name}.*{words}"):
            load_mobile(path)


def test_a_failed_download_says_what_to_do():
    def ConvNeXtBig(weights, **kwargs):
        raise Exception(f"URL fetch failure: {weights}")  # as keras.utils.get_file does

    with pytest.raises(FakelocError, match="model.backbone.weights=PATH") as error:
        load_application(ConvNeXtBig, PLAIN, "imagenet")
    call = "keras.applications.ConvNeXtBig(include_top=False, include_preprocessing=Fa"
    assert call in str(error.value)
    assert "save_weights('ConvNeXtBig.weights.h5')" in str(error.value)
