"""Copies weights from one model to another by name, and says what it copied."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import keras

from fakeloc_tf.errors import FakelocError

NUMBERED = re.compile(r"variable(_\d+)?")


@dataclass(frozen=True)
class TransferReport:
    """What a transfer did, as `layer/…/array` names.

    Attributes:
        matched: arrays that were copied.
        missing: arrays of the target that the source does not have; left as they were.
        unexpected: arrays of the source that the target does not have; not used.
    """

    matched: tuple[str, ...]
    missing: tuple[str, ...]
    unexpected: tuple[str, ...]

    def __str__(self) -> str:
        return (
            f"{len(self.matched)} arrays copied, {len(self.missing)} missing, "
            f"{len(self.unexpected)} not used"
        )


def named_variables(
    model: keras.Model, names: Mapping[str, str] | None = None
) -> dict[str, keras.Variable]:
    """Every weight under its stable name: the layers' names from the outside in.

    Args:
        model: its layers may be models.
        names: of a layer → what it is called here; None = as it is.
    """
    return dict(_walk(model, "", names or {}))


def transfer_weights(
    source: keras.Model,
    target: keras.Model,
    *,
    allow_missing: tuple[str, ...] = (),
) -> TransferReport:
    """Copies every weight whose name both models have.

    Args:
        source: the trained model, say of step 1.
        target: the model that is written to, say of step 2.
        allow_missing: prefixes of names that the source may lack, such as `noise_`.

    Raises:
        FakelocError: a shape differs, nothing matches, or the source lacks an array
            outside of `allow_missing`. The target is not touched then.
    """
    return copy_arrays(
        named_variables(source), named_variables(target), allow_missing=allow_missing
    )


def copy_arrays(
    source: Mapping[str, Any],
    target: Mapping[str, keras.Variable],
    *,
    allow_missing: tuple[str, ...] = (),
) -> TransferReport:
    """`transfer_weights` from a mapping of names to arrays, to one to variables."""
    matched = tuple(name for name in target if name in source)
    missing = tuple(name for name in target if name not in source)
    unexpected = tuple(name for name in source if name not in target)
    lost = [name for name in missing if not name.startswith(allow_missing or ("\0",))]
    if lost or not matched:
        raise FakelocError(
            f"weights cannot be transferred: {len(lost) or 'all'} arrays are missing "
            f"in the source, such as {(lost or list(missing))[:3]}; "
            "was it built with another preset or with fewer heads?"
        )
    for name in matched:
        if tuple(source[name].shape) != tuple(target[name].shape):
            raise FakelocError(
                f"weights cannot be transferred: {name} has shape "
                f"{tuple(source[name].shape)} in the source and "
                f"{tuple(target[name].shape)} in the target; "
                "do `model.preset` and `model.backbone.width` agree?"
            )
    for name in matched:
        target[name].assign(source[name])
    return TransferReport(matched, missing, unexpected)


def _walk(
    model: keras.Model, prefix: str, names: Mapping[str, str]
) -> Iterator[tuple[str, keras.Variable]]:
    for layer in model.layers:
        path = f"{prefix}{names.get(layer.name, layer.name)}"
        if isinstance(layer, keras.Model):
            yield from _walk(layer, f"{path}/", names)
            continue
        # Not `variable.path`: it leaves the outer models out.
        for index, variable in enumerate(layer.weights):
            # Keras numbers arrays without a name over the whole process.
            unnamed = NUMBERED.fullmatch(variable.name)
            yield f"{path}/{index if unnamed else variable.name}", variable
