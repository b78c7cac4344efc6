"""A run folder with a toy detector, for tests of what comes after training."""

import json
from pathlib import Path

import keras
import numpy as np
import pytest
import synthetic
import tiny_backbone

from fakeloc_tf import config
from fakeloc_tf.data.targets import model_input
from fakeloc_tf.models import backbones
from fakeloc_tf.models.detector import build_detector, load_detector

TOY = (
    "name=toy",
    "model.image_size=64",
    "model.backbone.width=0.1",
    "model.backbone.weights=none",
    "prepare.crop_size=72",
)
THRESHOLD = 0.4


def make_run(folder: Path, *overrides: str) -> Path:
    """Writes config.yaml, best.keras and metrics.json; no two faces score alike."""
    keras.utils.set_random_seed(0)
    resolved = config.load(None, TOY + overrides)
    # Xception takes ten seconds to load, in each of a dozen tests.
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(backbones.BACKBONES, "xception", tiny_backbone.TINY)
        model = build_detector(resolved.model)
    _spread(model)
    folder.mkdir(parents=True)
    config.dump(resolved, folder / "config.yaml")
    model.save(folder / "best.keras")
    metrics = {"validation_threshold": THRESHOLD}
    (folder / "metrics.json").write_text(json.dumps(metrics))
    return folder


def make_settled_run(folder: Path, *overrides: str) -> Path:
    """The same with statistics of normalisation that fit the faces.

    Without them what reaches the last layer is so small that `_spread` gives it weights
    no float16 can hold, which no trained model has.
    """
    make_run(folder, "model.batch_norm_momentum=0.5", *overrides)
    model = load_detector(folder / "best.keras")
    images = _faces(model)
    for _ in range(30):
        model(images, training=True)
    _spread(model)
    model.save(folder / "best.keras")
    return folder


def _faces(model: keras.Model) -> np.ndarray:
    """Eight drawn faces at the model's size."""
    faces = [synthetic.synthetic_face(i, "val", 72).image_uint8 for i in range(8)]
    return model_input(np.stack(faces), model.input.shape[1])


def _spread(model: keras.Model) -> None:
    """Scales the last layers: untrained, all say 0.5, which would hide mistakes."""
    images = _faces(model)
    # The deep map weighs the classifier's features: it comes first.
    for name, part, last in (
        ("semantic_deep", "semantic_deep_head", "map"),
        ("label", "classifier", "label"),
    ):
        outputs = model(images, training=False)
        if name not in outputs:  # a variant without semantic heads
            continue
        logits = outputs[name].numpy()
        layer = model.get_layer(part).get_layer(last)
        kernel, bias = layer.get_weights()
        scale = 2.0 / logits.std()
        layer.set_weights([scale * kernel, scale * (bias - logits.mean())])
