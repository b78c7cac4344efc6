"""The rows of Tables VII and VIII differ in what they ablate, and in nothing else."""

import pytest
from study_rows import (
    CONFIGS,
    ROWS,
    TABLES,
    check_budgets,
    epoch_overrides,
    resolve,
)

from fakeloc_tf.errors import FakelocError

# Row -> heads, taps.
THREE = ("shallow", "middle", "deep")
ABLATED = {
    "xception": ((), THREE),
    "noise": (("noise",), THREE),
    "semantic": (("semantic",), THREE),
    "all": (("semantic", "noise"), THREE),
    "deep": (("semantic", "noise"), ("deep",)),
    "middle_deep": (("semantic", "noise"), ("middle", "deep")),
}


def test_every_config_is_a_row_and_every_row_is_in_a_table():
    assert {path.stem for path in CONFIGS.glob("*.yaml")} == set(ROWS) == set(ABLATED)
    assert {row for rows in TABLES.values() for row in rows} == set(ROWS)


@pytest.mark.parametrize("row", ROWS)
def test_a_row_ablates_heads_and_taps_only(row):
    tree, full = (resolve(name).model_dump() for name in (row, "all"))
    assert (tree["model"].pop("heads"), tree["model"].pop("taps")) == ABLATED[row]
    assert tree.pop("name") == f"ablation_{row}"
    del full["model"]["heads"], full["model"]["taps"], full["name"]
    for one in (tree, full):
        # The budget is compared below.
        one["training"]["step1"].pop("epochs")
        one["training"]["step2"].pop("epochs")
    assert tree == full


def test_every_row_sees_the_training_faces_equally_often():
    assert {resolve(row).passes for row in ROWS} == {5}


def test_settings_of_the_paper_are_kept():
    config = resolve("all")
    assert config.model.preset == "paper"
    assert config.training.batch_size == 32
    rates = config.training.step1.learning_rate, config.training.step2.learning_rate
    assert rates == (2e-4, 2e-4)
    assert config.optimizer.weight_decay == 1e-5
    assert config.data.augment.flip


def test_other_epochs_keep_the_budget_equal():
    configs = {row: resolve(row, epoch_overrides(row, (2, 3))) for row in ROWS}
    check_budgets(configs)
    assert {config.passes for config in configs.values()} == {5}
    assert configs["all"].training.step1.epochs == 2
    assert configs["all"].training.step2.epochs == 3
    assert configs["noise"].training.step2.epochs == 5


def test_unequal_budgets_are_refused():
    with pytest.raises(FakelocError, match="--epochs"):
        check_budgets({row: resolve(row, ("training.step2.epochs=4",)) for row in ROWS})
