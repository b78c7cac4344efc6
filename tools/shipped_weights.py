"""A `.keras` file with its large arrays in float16: half the size."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import h5py
import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import new_file

WEIGHTS = "model.weights.h5"
# The same arrays make the same bytes: no time of packing in the archive.
_EPOCH = (1980, 1, 1, 0, 0, 0)


def write_half(source: Path, target: Path) -> None:
    """Copies a `.keras` file; kernels become float16, which Keras loads into float32.

    Vectors, such as biases and the statistics of normalisation, stay float32: they are
    a hundredth of the size, and small variances would become 0.

    Args:
        source: as Keras saved it.
        target: written whole, or not at all.

    Raises:
        FakelocError: it is no `.keras` file, or a weight is too large for float16.
    """
    try:
        with zipfile.ZipFile(source) as archive:
            parts = {name: archive.read(name) for name in archive.namelist()}
        parts[WEIGHTS] = _half(parts[WEIGHTS], source)
    except (OSError, KeyError, zipfile.BadZipFile) as error:
        raise FakelocError(f"{source} is no .keras file: {error}") from error
    with new_file(target) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, content in parts.items():
            archive.writestr(zipfile.ZipInfo(name, _EPOCH), content)


def _half(weights: bytes, origin: Path) -> bytes:
    """A `.weights.h5` with kernels of half the size; names and attributes stay."""
    result = io.BytesIO()
    with h5py.File(io.BytesIO(weights)) as old, h5py.File(result, "w") as new:
        _copy_attributes(old, new)

        def copy(name: str, item: h5py.Group | h5py.Dataset) -> None:
            if isinstance(item, h5py.Dataset):
                made = new.create_dataset(name, data=_array(item, name, origin))
            else:
                made = new.require_group(name)
            _copy_attributes(item, made)

        old.visititems(copy)
    return result.getvalue()


def _array(item: h5py.Dataset, name: str, origin: Path) -> np.ndarray:
    """What is kept of one array.

    Raises:
        FakelocError: float16 cannot hold it.
    """
    array = np.asarray(item)
    if array.dtype != np.float32 or array.ndim < 2:
        return array
    with np.errstate(over="ignore"):
        half = array.astype(np.float16)
    if not np.isfinite(half).all():
        raise FakelocError(
            f"{origin}: {name} has weights of up to {np.abs(array).max():g}; float16 "
            f"ends at {np.finfo(np.float16).max:g}. Train with a weight decay or a "
            "lower learning rate"
        )
    return half


def _copy_attributes(
    old: h5py.Group | h5py.Dataset, new: h5py.Group | h5py.Dataset
) -> None:
    for key, value in old.attrs.items():
        new.attrs[key] = value
