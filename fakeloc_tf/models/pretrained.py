"""Initial weights of a Keras application: a file that does not fit is refused.

Keras checks what it loads, but not that it loads all of the file: arrays that the
network has no place for would be passed over in silence.
"""

from __future__ import annotations

import logging
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import h5py
import keras

from fakeloc_tf.errors import FakelocError

logger = logging.getLogger(__name__)

EXAMPLES = 3


def load_application(
    application: Callable[..., keras.Model], options: Mapping[str, Any], weights: str
) -> keras.Model:
    """The whole application without its top, for pictures of any size.

    Args:
        application: of `keras.applications`.
        options: its arguments beside weights, top and shape.
        weights: `imagenet`, `none`, or the path of a `.weights.h5`, or of a `.h5` as
            Keras 2 wrote them and as Keras downloads them.

    Raises:
        FakelocError: the weights cannot be had, or are not of this network.
    """
    # Sides of None: some applications refuse small pictures, without need.
    arguments = {"include_top": False, "input_shape": (None, None, 3), **options}
    if weights == "imagenet":
        try:
            return application(weights="imagenet", **arguments)
        except Exception as error:  # Keras raises bare Exception where a download fails
            name = application.__name__
            raise FakelocError(
                f"ImageNet weights of {name} could not be downloaded ({error}). Fetch "
                f"them on a machine with network access (`{_call(application, options)}"
                f".save_weights('{name}.weights.h5')`) and set "
                "model.backbone.weights=PATH, or train from scratch with "
                "model.backbone.weights=none"
            ) from error
    model = application(weights=None, **arguments)
    if weights != "none":
        _load_file(model, Path(weights), _call(application, options))
    return model


def _load_file(model: keras.Model, path: Path, call: str) -> None:
    """Reads a file of weights that has every array of the model and no other."""
    if not path.is_file():
        raise FakelocError(
            f"model.backbone.weights={path}: no such file; give imagenet, none, or "
            "the path of a weights file"
        )
    refusal = f"model.backbone.weights={path} is no weights file of {call}"
    if path.suffix != ".h5":
        raise FakelocError(f"{refusal}: its name must end in .weights.h5 or .h5")
    try:
        # Keras itself counts layers and arrays of files in Keras 2's format.
        ours = path.name.endswith(".weights.h5")
        faults = _faults(_expected(model), _shapes(path)) if ours else ""
        if not faults:
            model.load_weights(path)
    except (OSError, ValueError, KeyError) as error:
        raise FakelocError(f"{refusal}: {error}") from error
    if faults:
        raise FakelocError(f"{refusal}: {faults}")
    count = len(model.weights)
    logger.info("%s: %d arrays matched, 0 missing, 0 unexpected", path, count)


def _faults(
    expected: Mapping[str, tuple[int, ...]], found: Mapping[str, tuple[int, ...]]
) -> str:
    """What is wrong with the arrays of a file, for people; empty if nothing is."""
    faults = {
        "missing": [name for name in expected if name not in found],
        "unexpected": [name for name in found if name not in expected],
        "of another shape": [
            f"{name} {found[name]} instead of {expected[name]}"
            for name in expected
            if name in found and found[name] != expected[name]
        ],
    }
    parts = [
        f"{len(names)} {fault} (such as {', '.join(names[:EXAMPLES])})"
        for fault, names in faults.items()
        if names
    ]
    return f"of {len(expected)} arrays, {'; '.join(parts)}" if parts else ""


def _expected(model: keras.Model) -> dict[str, tuple[int, ...]]:
    """`_shapes` of the file that this model would be saved to."""
    with tempfile.TemporaryDirectory(prefix="fakeloc-weights-") as folder:
        path = Path(folder) / "model.weights.h5"
        model.save_weights(path)
        return _shapes(path)


def _shapes(path: Path) -> dict[str, tuple[int, ...]]:
    """Name of every array in a `.weights.h5` → its shape."""
    shapes: dict[str, tuple[int, ...]] = {}

    def note(name: str, item: Any) -> None:
        # The state of a layer's random numbers is no weight.
        if isinstance(item, h5py.Dataset) and "seed_generator" not in name:
            shapes[name] = tuple(item.shape)

    with h5py.File(path) as file:
        file.visititems(note)
    return shapes


def _call(application: Callable[..., keras.Model], options: Mapping[str, Any]) -> str:
    """How the user builds the application in Python."""
    arguments = {"include_top": False, **options}
    text = ", ".join(f"{name}={value!r}" for name, value in arguments.items())
    return f"keras.applications.{application.__name__}({text})"
