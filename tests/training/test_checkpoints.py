"""What a checkpoint brings back."""

import keras
import numpy as np
import pytest

from fakeloc_tf.config import OptimizerConfig
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.training import optimizers
from fakeloc_tf.training.checkpoints import StepCheckpoint


def make(folder, units=3):
    inner_input = keras.Input((4,))
    hidden = keras.layers.Dropout(0.5)(keras.layers.Dense(units)(inner_input))
    image = keras.Input((4,))
    inner = keras.Model(inner_input, hidden, name="backbone")
    model = keras.Model(image, inner(image))
    optimizer = optimizers.make_optimizer(OptimizerConfig(), 1e-3)
    optimizer.build(model.trainable_variables)
    return model, StepCheckpoint(folder, model, optimizer)


def test_dropout_goes_on_where_it_was(tmp_path):
    """EfficientNet drops whole blocks at random: its generator is part of a run."""
    model, checkpoint = make(tmp_path)
    faces = np.ones((64, 4), "float32")
    model(faces, training=True)
    checkpoint.save()
    expected = np.array(model(faces, training=True))

    again, restored = make(tmp_path)
    assert restored.restore()

    np.testing.assert_array_equal(again(faces, training=True), expected)
    assert (expected == 0).any() and (expected != 0).any()


def test_progress_comes_back_to_the_bit(tmp_path):
    _, checkpoint = make(tmp_path)
    progress = checkpoint.progress
    progress.epoch, progress.batch, progress.waited = 3, 17, 2
    progress.best = (0.1 + 0.2, -1 / 3)
    progress.sums = {"loss": 1e-17 + 1 / 7}
    checkpoint.save()

    _, restored = make(tmp_path)
    assert restored.restore()

    assert restored.progress == progress and restored.progress is not progress
    assert restored.latest == checkpoint.latest


def test_nothing_to_restore(tmp_path):
    _, checkpoint = make(tmp_path)
    assert not checkpoint.restore() and checkpoint.latest is None


def test_another_model_is_refused(tmp_path):
    make(tmp_path)[1].save()
    with pytest.raises(FakelocError, match="does not fit this run's config"):
        make(tmp_path, units=5)[1].restore()
