"""Fig. 7: feature maps and Grad-CAM, baseline against ours.

Here: the mean magnitude over the channels at the three taps of the backbone, and
Grad-CAM of the label's logit on the deep tap, of both models at the same places: the
baseline has no heads there, but the same layers. What speaks for *manipulated* is
shown, of real faces too. Feature maps have a scale a column; Grad-CAM has one a face,
for a logit's size is no measure between models. Faces as in Fig. 1.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf
from matplotlib.axes import Axes

from fakeloc_tf.evaluation.chosen_faces import Face
from fakeloc_tf.evaluation.face_drawing import draw_face, draw_outline
from fakeloc_tf.evaluation.grad_cam import grad_cam
from fakeloc_tf.evaluation.paper import drawing
from fakeloc_tf.evaluation.paper.figures import inputs
from fakeloc_tf.evaluation.paper.item import Context, Item
from fakeloc_tf.models.parts import split_detector
from fakeloc_tf.models.scorer import load_run

EXPERIMENTS = {"xception": "Xception", "ours": "ours"}
BAR = {"location": "bottom", "aspect": 14, "pad": 0.02}


@dataclass(frozen=True)
class Evidence:
    """What one model has of some faces.

    Attributes:
        maps: tap → float [N, h, w], mean magnitude over the channels.
        cam: float [N, h, w] in 0..1, a share of each face's maximum.
        probability: float [N] of being manipulated.
    """

    maps: dict[str, np.ndarray]
    cam: np.ndarray
    probability: np.ndarray


def make(context: Context) -> list[Path]:
    """Writes fig7.png and fig7.svg."""
    records = inputs.records_of(context)
    classes, (faces, *_) = inputs.classes_of(records), inputs.people(records, 1)
    figure = drawing.new_figure(
        15.5,
        1.65 * len(faces) + 2.4,
        FIG7.title,
        "Maps: mean magnitude over the channels. Grad-CAM: what speaks for "
        "manipulated, at the deep tap; p: probability. White: true outline.",
    )
    columns = figure.subplots(len(faces), 1 + 4 * len(EXPERIMENTS), squeeze=False).T
    for axis, face in zip(columns[0], faces, strict=True):
        draw_face(axis, inputs.face_of(face), inputs.mask_of(face))
        drawing.bare(axis)
        axis.set_ylabel(inputs.name_of(face, classes), fontsize=10)
    for number, (experiment, title) in enumerate(EXPERIMENTS.items()):
        run = inputs.run_of(context, experiment)
        first = 1 + 4 * number
        _draw(columns[first : first + 4], title, faces, evidence(run, faces))
    return drawing.save(figure, context, "fig7")


def evidence(run: Path, faces: list[Face]) -> Evidence:
    """The maps of a run's best model.

    Raises:
        FakelocError: the run is missing or broken.
    """
    model, config, _ = load_run(run)
    size = config.model.image_size
    parts = split_detector(model, config.model.backbone.name)
    images = inputs.model_images(faces, size)
    taps = parts.taps(images, training=False)
    cam = grad_cam(parts.label, taps["deep"])
    greatest = cam.max((1, 2), keepdims=True)
    logits = np.asarray(parts.label(taps["deep"]))[:, 0]
    return Evidence(
        maps={tap: np.abs(maps.numpy()).mean(-1) for tap, maps in taps.items()},
        cam=np.divide(cam, greatest, out=np.zeros_like(cam), where=greatest > 0),
        probability=1 / (1 + np.exp(-logits)),
    )


def _draw(columns: np.ndarray, title: str, faces: list[Face], found: Evidence) -> None:
    """The maps of three taps, and Grad-CAM on the face.

    Args:
        columns: axes, [4, N].
        title: of the model.
        faces: N of them.
        found: of the model.
    """
    for axes, (tap, maps) in zip(columns[:-1], found.maps.items(), strict=True):
        for axis, values in zip(axes, maps, strict=True):
            scale = {"vmin": maps.min(), "vmax": maps.max()}
            image = drawing.show(axis, values, cmap="viridis", **scale)
        height, width = maps.shape[1:]
        axes[0].set_title(f"{title}\n{tap} {height}×{width}", fontsize=10)
        drawing.color_bar(image, axes, "activation", **BAR)
    axes = columns[-1]
    for axis, face, cam, p in zip(
        axes, faces, found.cam, found.probability, strict=True
    ):
        _draw_cam(axis, face, cam)
        axis.set_xlabel(f"p = {p:.2f}", fontsize=9, labelpad=1)
    axes[0].set_title(f"{title}\nGrad-CAM", fontsize=10)
    share = {**BAR, "ticks": (0, 0.5, 1)}
    drawing.color_bar(axes[0].get_images()[-1], axes, "share of maximum", **share)


def _draw_cam(axis: Axes, face: Face, cam: np.ndarray) -> None:
    """Grad-CAM over a grey face, which is seen where nothing speaks."""
    side = face["image"].shape[0]
    gray = inputs.face_of(face).mean(-1)
    drawing.show(axis, gray, cmap="gray", vmin=0, vmax=255)
    large = tf.image.resize(cam[..., None], (side, side))[..., 0].numpy()
    scale = {"cmap": "inferno", "vmin": 0, "vmax": 1}
    drawing.show(axis, large, alpha=0.8 * np.sqrt(large), **scale)
    draw_outline(axis, inputs.mask_of(face))


FIG7 = Item(
    title="Fig. 7: feature maps and Grad-CAM, baseline against ours",
    experiments=tuple(EXPERIMENTS),
    qualities=(inputs.MAIN,),
    make=make,
)
