"""The rows of the study: Tables VII and VIII of the paper, a config each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fakeloc_tf.config import Config, load
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.paper.experiments import MODULES, TAP_SETS, VARIANTS

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / "configs" / "ablations"
# Each in the order in which the paper's numbers rise; a row is named by its config.
TABLES = {
    name: tuple("all" if row == "ours" else row for row in rows)
    for name, rows in (("VII", MODULES), ("VIII", TAP_SETS))
}
# Row -> what it is called. What costs least to lose comes last.
ROWS = {
    row: VARIANTS["ours" if row == "all" else row]
    for row in dict.fromkeys(row for rows in TABLES.values() for row in rows)
}


def resolve(row: str, overrides: Sequence[str] = ()) -> Config:
    """The configuration of a row."""
    return load(CONFIGS / f"{row}.yaml", tuple(overrides))


def epoch_overrides(row: str, epochs: tuple[int, int] | None) -> tuple[str, ...]:
    """Overrides that give every row `sum(epochs)` passes; none for None."""
    if epochs is None:
        return ()
    first, second = epochs
    if "semantic" not in resolve(row).model.heads:
        second += first
    return (f"training.step1.epochs={first}", f"training.step2.epochs={second}")


def check_budgets(configs: dict[str, Config]) -> None:
    """One budget for all.

    Raises:
        FakelocError: rows would see the training faces a different number of times.
    """
    found = {row: config.passes for row, config in configs.items()}
    if len(set(found.values())) > 1:
        raise FakelocError(
            "the rows would not have the same number of passes over the training "
            f"faces: {found}; change them together with --epochs"
        )
