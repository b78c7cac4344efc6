"""Fig. 6: t-SNE of what the classifier sees, baseline against ours.

van der Maaten and Hinton, JMLR 2008. Here: the detector's `features` (what its last
layer sees) of the same test faces; started from principal components, which keeps what
is far apart so, with a fixed seed. Axes have no meaning, and distances between the two
panels cannot be compared.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import keras
import numpy as np
from matplotlib.axes import Axes
from sklearn.manifold import TSNE
from threadpoolctl import threadpool_limits

from fakeloc_tf.evaluation.chosen_faces import Face
from fakeloc_tf.evaluation.paper import drawing
from fakeloc_tf.evaluation.paper.figures import inputs
from fakeloc_tf.evaluation.paper.item import Context, Item
from fakeloc_tf.models.scorer import load_run

FACES = 1000
SEED = 0
PERPLEXITY = 30.0
EXPERIMENTS = {"xception": "Xception (baseline)", "ours": "ours"}


def make(context: Context) -> list[Path]:
    """Writes fig6.png and fig6.svg."""
    records = inputs.records_of(context)
    faces = list(inputs.some_faces(records, FACES))
    classes = inputs.classes_of(records)
    methods = np.array([int(face["method"]) for face in faces])
    figure = drawing.new_figure(
        12.5,
        6.3,
        FIG6.title,
        f"{len(faces)} test faces, the same in both; perplexity "
        f"{perplexity(len(faces)):g}, seed {SEED}.",
    )
    axes = figure.subplots(1, len(EXPERIMENTS))
    for axis, (experiment, title) in zip(axes, EXPERIMENTS.items(), strict=True):
        run = inputs.run_of(context, experiment)
        model, config, _ = load_run(run)
        features = classifier_features(model, faces, config.model.image_size)
        _draw(axis, embed(features), methods, classes)
        axis.set_title(title, fontsize=12)
    handles, labels = axes[0].get_legend_handles_labels()
    figure.legend(
        handles, labels, loc="outside right center", fontsize=10, markerscale=1.6
    )
    return drawing.save(figure, context, "fig6")


def classifier_features(
    model: keras.Model, faces: Sequence[Face], image_size: int
) -> np.ndarray:
    """float32 [N, D], what the last layer of the classifier sees of each face."""
    part = keras.Model(model.input, model.output["features"])
    features = [
        part(images, training=False).numpy()
        for _, images in inputs.batches(faces, image_size)
    ]
    return np.concatenate(features)


def embed(features: np.ndarray) -> np.ndarray:
    """float32 [N, 2], the t-SNE of float32 [N, D]; N > 3."""
    tsne = TSNE(perplexity=perplexity(len(features)), init="pca", random_state=SEED)
    # Beside other work, two threads that wait for each other took 64 s instead of 3 s.
    with threadpool_limits(1):
        return tsne.fit_transform(features)


def perplexity(faces: int) -> float:
    """PERPLEXITY, or less of few faces: it must be well below their number."""
    return min(PERPLEXITY, (faces - 1) // 3)


def _draw(
    axis: Axes, points: np.ndarray, methods: np.ndarray, classes: list[str]
) -> None:
    # A square with one scale: a distance is as long in one direction as in the other.
    low, high = points.min(0), points.max(0)
    middle, half = (low + high) / 2, 0.54 * (high - low).max()
    limits = np.stack([middle - half, middle + half], axis=-1)
    axis.set(xticks=[], yticks=[], xlim=limits[0], ylim=limits[1], aspect="equal")
    for method, name in enumerate(classes):
        chosen = points[methods == method]
        drawing.scatter(axis, chosen, method, 18, alpha=0.65, linewidths=0, label=name)


FIG6 = Item(
    title="Fig. 6: t-SNE of the classifier's features, baseline against ours",
    experiments=tuple(EXPERIMENTS),
    qualities=(inputs.MAIN,),
    make=make,
)
