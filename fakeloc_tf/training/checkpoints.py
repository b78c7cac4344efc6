"""Everything a stopped training step needs to go on as if it had not stopped."""

from __future__ import annotations

import json
import shutil
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import tensorflow as tf

from fakeloc_tf.errors import FakelocError


@dataclass
class Progress:
    """How far a training step has come, and what it has found so far.

    Attributes:
        epoch: epochs that are finished.
        batch: batches of the next epoch that are finished: where its input goes on.
        sums: sums of the logs of those batches, for the epoch's means.
        best: the best validation result; greater is better, first item first.
        waited: epochs since the best one.
        complete: nothing is left to do.
    """

    epoch: int = 0
    batch: int = 0
    sums: dict[str, float] = field(default_factory=dict)
    best: tuple[float, float] = (-1e30, -1e30)
    waited: int = 0
    complete: bool = False


class StepCheckpoint:
    """Weights, optimizer, averaged weights and progress of one training step.

    Args:
        folder: of this step's checkpoints; made when needed.
        model: the model in training.
        optimizer: built for the model's trainable variables.
        kept: the model whose weights are an average of `model`'s, if there is one.
        chief: False for the workers whose copy nobody needs: every worker must take
            part in writing, since some variables live on all of them.
        keep: how many checkpoints stay on disk.
    """

    def __init__(
        self,
        folder: Path,
        model: keras.Model,
        optimizer: keras.optimizers.Optimizer,
        kept: keras.Model | None = None,
        chief: bool = True,
        keep: int = 2,
    ) -> None:
        self._state = _State()
        parts: dict[str, Any] = {}
        if kept is not None and kept is not model:
            parts["kept"] = kept
        if states := _random_states(model):
            parts["random"] = states
        self._checkpoint = tf.train.Checkpoint(
            model=model, optimizer=optimizer, progress=self._state, **parts
        )
        self._manager = tf.train.CheckpointManager(
            self._checkpoint, str(folder), max_to_keep=keep
        )
        self._chief = chief
        self._spare = folder.with_name(f".{folder.name}.{id(self)}")

    @property
    def progress(self) -> Progress:
        """What is saved with the weights; the caller changes it."""
        return self._state.progress

    @property
    def latest(self) -> str | None:
        """Path of the newest checkpoint."""
        return self._manager.latest_checkpoint

    def save(self) -> None:
        """Writes the state: whole, or the one before stays the newest."""
        if self._chief:
            self._manager.save()
            return
        self._checkpoint.write(str(self._spare / "checkpoint"))
        shutil.rmtree(self._spare, ignore_errors=True)

    def restore(self) -> bool:
        """Reads the newest checkpoint; False where there is none.

        Raises:
            FakelocError: the checkpoint does not fit the model.
        """
        path = self._manager.latest_checkpoint
        if path is None:
            return False
        try:
            self._checkpoint.restore(path).assert_consumed()
        except (AssertionError, ValueError, tf.errors.OpError) as error:
            reason = str(error).strip().splitlines()[0]
            raise FakelocError(
                f"checkpoint {path} does not fit this run's config ({reason}); "
                "train into another folder with --run"
            ) from error
        return True


def _random_states(model: keras.Model) -> list[tf.Variable]:
    """Generators of dropout, which Keras keeps out of what TensorFlow saves."""
    weights = {id(variable) for variable in model.weights}
    return [v.value for v in model.variables if id(v) not in weights]


class _State(tf.train.experimental.PythonState):
    """`Progress` as JSON text inside the checkpoint: both are written, or neither."""

    def __init__(self) -> None:
        super().__init__()
        self.progress = Progress()

    def serialize(self) -> str:
        # JSON keeps every bit of a float.
        return json.dumps(asdict(self.progress))

    def deserialize(self, string_value: str | bytes) -> None:
        values = json.loads(string_value)
        self.progress = Progress(**values | {"best": tuple(values["best"])})
