"""The rows of the study: Tables VII and VIII of the paper, a config each."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

from fakeloc_tf.config import Config, load
from fakeloc_tf.errors import FakelocError

ROOT = Path(__file__).resolve().parents[1]
CONFIGS = ROOT / "configs" / "ablations"
# Row = name of its config -> what it is called. What costs least to lose comes last.
ROWS = {
    "xception": "Xception",
    "noise": "Xception + noise",
    "semantic": "Xception + segmentation",
    "all": "Xception + both, three taps",
    "deep": "Xception + both, deep tap",
    "middle_deep": "Xception + both, middle and deep taps",
}
# Each in the order in which the paper's numbers rise.
TABLES = {
    "VII": ("xception", "noise", "semantic", "all"),
    "VIII": ("deep", "middle_deep", "all"),
}


def resolve(row: str, overrides: Sequence[str] = ()) -> Config:
    """The configuration of a row."""
    return load(CONFIGS / f"{row}.yaml", tuple(overrides))


def passes(config: Config) -> int:
    """Passes over the training faces in both steps: the budget of a row.

    Step 1 trains semantic heads: without them there is none.
    """
    training = config.training
    first = training.step1.epochs if "semantic" in config.model.heads else 0
    return first + training.step2.epochs


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
    found = {row: passes(config) for row, config in configs.items()}
    if len(set(found.values())) > 1:
        raise FakelocError(
            "the rows would not have the same number of passes over the training "
            f"faces: {found}; change them together with --epochs"
        )
