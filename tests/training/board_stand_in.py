"""A stand-in for validation, and a loop that drives the TensorBoard callback."""

import keras
import numpy as np
import tensorflow as tf
import yaml
from tensorflow.python.summary.summary_iterator import summary_iterator

from fakeloc_tf import config
from fakeloc_tf.training.board import TensorBoard

BATCHES = 6
FACES = 40


class Counted:
    """A loss on a device: counts how often the host waits for it."""

    reads = 0

    def __init__(self, value):
        self._value = value

    def __float__(self):
        Counted.reads += 1
        return float(self._value)


class StandIn:
    """What `validation.Watch` gives, without a model."""

    def __init__(self, classifier=True, target=None):
        rng = np.random.default_rng(0)
        self.target = rng.integers(0, 2, FACES) if target is None else target
        self.faces = {
            "target": self.target.astype(np.float32),
            "iou": rng.random(FACES, np.float32),
            "mask_valid": (rng.random(FACES) < 0.8).astype(np.float32),
            "loss": rng.random(FACES, np.float32),
        }
        self._classifier = classifier
        if classifier:
            scores = np.clip(0.4 * self.target + 0.6 * rng.random(FACES), 0, 1)
            self.faces["probability"] = scores.astype(np.float32)
        self.rows = rng.normal(size=(7, 5)).astype(np.float32)
        self.thumbnails = rng.integers(0, 256, (7, 8, 8, 3)).astype(np.uint8)

    def pictures(self):
        rng = np.random.default_rng(1)
        names = {"face": 3, "mask/true": 1, "mask/predicted": 1}
        if self._classifier:
            names |= {"noise/true": 1, "noise/predicted": 1}
        return {
            name: rng.random((8, 32, 32, depth), np.float32)
            for name, depth in names.items()
        }

    def features(self, count):
        if not self._classifier:
            return None
        details = [
            {"label": "fake", "video_id": f"a\tb{row}"} for row in range(len(self.rows))
        ]
        return self.rows, self.thumbnails, details


def tiny_model():
    image = keras.Input((16, 16, 3), name="image")
    features = keras.layers.Conv2D(2, 3, name="backbone")(image)
    model = keras.Model(image, {"semantic_deep": features}, name="tiny")
    model.stop_training = False
    return model


def board(folder, watch=None, **changes):
    options = {
        "scalar_every": 4,
        "image_every": 2,
        "epochs": 3,
        "batch_size": 8,
        "first_epoch": 0,
        "first_step": 1,
        "run_name": "toy",
        "config_yaml": yaml.safe_dump(
            config.load(None, ("loss.noise=0.25",)).model_dump(mode="json")
        ),
    } | changes
    callback = TensorBoard(folder, watch or StandIn(), **options)
    callback.set_model(tiny_model())
    return callback


def logs(step):
    """Losses of a deterministic training: a function of the step alone."""
    return {
        "loss": tf.constant(1.0 / step),
        "semantic_deep": tf.constant(0.5 / step),
        "learning_rate": tf.constant(2e-4),
        "gradient_norm": tf.constant(3.0),
        "step": step,
        "data_wait": 0.25 * step,
        "step_seconds": float(step),
    }


def drive(callback, stop_after=None, epochs=3):
    """Runs the loop's calls until the end, or dies after a step."""
    first_epoch, first_step = callback._first_epoch, callback._first_step
    callback.on_train_begin()
    for epoch in range(first_epoch, epochs):
        callback.on_epoch_begin(epoch)
        for batch in range(BATCHES):
            step = epoch * BATCHES + batch + 1
            if step >= first_step:
                callback.on_train_batch_end(batch, logs(step))
            if step == stop_after:
                return
        means = {"loss": 1.0 / (epoch + 1), "val_auc": 0.5 + 0.1 * epoch}
        callback.on_epoch_end(epoch, means | {"val_loss": 2.0})
    callback.on_train_end()


def points(folder):
    """Tag → [(step, tensor proto)] of all event files, by step."""
    found = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        for event in summary_iterator(str(path)):
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.tensor))
    # Files of one second and process are not in the order of their names.
    return {tag: sorted(rows, key=lambda row: row[0]) for tag, rows in found.items()}


def scalars(folder, tag):
    return [(step, float(tf.make_ndarray(t))) for step, t in points(folder)[tag]]
