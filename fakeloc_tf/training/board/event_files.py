"""Event files of a run that was stopped: what will be written again is dropped."""

from __future__ import annotations

import logging
from collections.abc import Iterator
from pathlib import Path

import tensorflow as tf
from tensorboard.compat.proto.event_pb2 import Event

log = logging.getLogger(__name__)
# Their step counts batches; that of all other tags counts epochs.
BATCH_TAGS = "train/"


def drop_from(folder: Path, *, first_epoch: int, first_step: int) -> set[str]:
    """Drops what a stopped run wrote beyond the place from which it goes on.

    Note: TensorBoard's own remedy, a session log event, knows one kind of step only;
    and TensorBoard's two readers disagree about steps that come again.

    Args:
        folder: of the event files; need not exist.
        first_epoch: index of the epoch to go on in; its results, whose step is one
            more, and later ones go.
        first_step: the first batch to come; it and later ones go.

    Returns:
        The tags that are left.
    """
    tags: set[str] = set()
    for path in sorted(folder.glob("events.out.tfevents.*")):
        kept: list[bytes] = []
        dropped = 0
        for record in _records(path):
            event = Event.FromString(record)
            names = {value.tag for value in event.summary.value}
            if _comes_again(event.step, names, first_epoch, first_step):
                dropped += 1
            else:
                kept.append(record)
                tags |= names
        if dropped:
            log.info("%s: %d points will be written again", path.name, dropped)
            _rewrite(path, kept)
    return tags


def _comes_again(at: int, names: set[str], first_epoch: int, first_step: int) -> bool:
    if any(name.startswith(BATCH_TAGS) for name in names):
        return at >= first_step
    return at > first_epoch


def _records(path: Path) -> Iterator[bytes]:
    """Serialised events, until the end or the record that a killed run cut off."""
    try:
        for record in tf.data.TFRecordDataset(str(path)):
            yield record.numpy()
    except tf.errors.DataLossError:
        log.info("%s ends in the middle of a record", path.name)


def _rewrite(path: Path, records: list[bytes]) -> None:
    temporary = path.with_name(f".{path.name}")
    with tf.io.TFRecordWriter(str(temporary)) as writer:
        for record in records:
            writer.write(record)
    temporary.replace(path)
