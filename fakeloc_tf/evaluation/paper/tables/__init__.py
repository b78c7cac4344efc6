"""The paper's tables, each with the paper's numbers in their own columns."""

from __future__ import annotations

from fakeloc_tf.evaluation.paper.item import Item
from fakeloc_tf.evaluation.paper.tables.table1 import TABLE1
from fakeloc_tf.evaluation.paper.tables.table2 import TABLE2
from fakeloc_tf.evaluation.paper.tables.table3 import TABLE3
from fakeloc_tf.evaluation.paper.tables.table4 import TABLE4
from fakeloc_tf.evaluation.paper.tables.table5 import TABLE5
from fakeloc_tf.evaluation.paper.tables.table6 import TABLE6
from fakeloc_tf.evaluation.paper.tables.table7_8 import TABLE7, TABLE8

TABLES: dict[str, Item] = {
    "table1": TABLE1,
    "table2": TABLE2,
    "table3": TABLE3,
    "table4": TABLE4,
    "table5": TABLE5,
    "table6": TABLE6,
    "table7": TABLE7,
    "table8": TABLE8,
}
