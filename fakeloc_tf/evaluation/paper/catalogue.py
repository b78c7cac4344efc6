"""Everything that `fakeloc reproduce` can make, by name."""

from __future__ import annotations

from fakeloc_tf.evaluation.paper.figures import FIGURES
from fakeloc_tf.evaluation.paper.item import Item
from fakeloc_tf.evaluation.paper.tables import TABLES

ITEMS: dict[str, Item] = {**TABLES, **FIGURES}
