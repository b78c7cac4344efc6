"""The figures of the paper by name. A module each; captions are in the modules.

The paper's text tells what its figures show; where it leaves open how, the modules say
what is chosen "here".
"""

from fakeloc_tf.evaluation.paper.figures import (
    embedding,
    feature_maps,
    localisation,
    manipulations,
    mean_masks,
    noise_scatter,
    roc,
    sigma_sweep,
)
from fakeloc_tf.evaluation.paper.item import Item

FIGURES: dict[str, Item] = {
    "fig1": manipulations.FIG1,
    "fig3": noise_scatter.FIG3,
    "fig4": sigma_sweep.FIG4,
    "fig5": mean_masks.FIG5,
    "fig6": embedding.FIG6,
    "fig7": feature_maps.FIG7,
    "fig8": localisation.FIG8,
    "fig9": roc.FIG9,
    "fig10": roc.FIG10,
}
"""Figure → what makes it; Fig. 2 is the architecture, which is no result."""
