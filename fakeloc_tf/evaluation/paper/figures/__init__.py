"""The paper's figures."""

from __future__ import annotations

from fakeloc_tf.evaluation.paper.item import Item

FIGURES: dict[str, Item] = {}
