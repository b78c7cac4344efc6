"""Guards an evaluation: nobody of the test was trained on, nothing was chosen on it.

It also refuses records of another preparation than the model's. What is refused and can
be wanted on purpose has an option; what was allowed stands in `metrics.json`.
"""

from __future__ import annotations

import logging
import math
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from fakeloc_tf.config import Config
from fakeloc_tf.data.people import people_of
from fakeloc_tf.data.prepared import dataset_info, split_sha256
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.models.calibration import calibration_sha256, read_calibration
from fakeloc_tf.training.provenance import (
    Provenance,
    hashes,
    preparation_of,
    read_provenance,
)

log = logging.getLogger(__name__)

EXAMPLES = 5


@dataclass(frozen=True)
class Allowed:
    """What the user wants although it breaks the protocol.

    Attributes:
        overlap: people of the split were trained on.
        preparation: the records have another crop or noise setting than the model's.
    """

    overlap: bool = False
    preparation: bool = False


STRICT = Allowed()


def check_protocol(
    run: Path,
    config: Config,
    run_metrics: Mapping[str, Any],
    records: Path,
    split: str,
    allowed: Allowed = STRICT,
) -> dict[str, Any]:
    """Refuses an evaluation that would say more than is true.

    Args:
        run: folder of the run.
        config: of the run.
        run_metrics: its metrics.json.
        records: prepared folder.
        split: train, val or test.
        allowed: what is wanted on purpose.

    Returns:
        For `metrics.json`: `sha256` of records, model, config and calibration (None =
        not calibrated), and `protocol`:
        `people` (how many there are and are shared), `chosen_on` (of checkpoint and
        threshold), `other_preparation` (key → [model's, records']) and `optimistic`:
        whether the split was trained on or anything was chosen on its people; None =
        the run does not say.

    Raises:
        FakelocError: people are shared with the training, something was chosen on a
            test split, or the preparation differs, and it is not allowed.
    """
    seen = read_provenance(run)
    other = check_preparation(run, config, seen, records, allowed.preparation)
    choices = _choices(run, run_metrics)
    _check_choices(run, choices, split)
    people = _check_people(run, seen, records, split, allowed.overlap)
    here = split_sha256(records, split)
    chosen_here = [
        c is not None and c["records_sha256"] == here for c in choices.values()
    ]
    shared = people["shared_with_training"], people["shared_with_validation"]
    optimistic: bool | None = any(shared) or any(chosen_here)
    if not optimistic and not (people["known"] and all(choices.values())):
        optimistic = None
    return {
        "protocol": {
            "people": people,
            "chosen_on": choices,
            "other_preparation": other,
            "optimistic": optimistic,
        },
        "sha256": hashes(config, run / "best.keras", records, (split,))
        | {"calibration": calibration_sha256(run)},
    }


def _check_people(
    run: Path, seen: Provenance | None, records: Path, split: str, allowed: bool
) -> dict[str, Any]:
    """How many people of the split the run has seen, and whether all that is known."""
    if seen is None:
        log.warning(
            "%s does not say on whom it was trained (training_data.json): people of "
            "%s may be among them",
            run,
            records,
        )
        return {
            "known": False,
            "in_split": None,
            "shared_with_training": None,
            "shared_with_validation": None,
        }
    here = set(people_of(records, split))
    trained = sorted(here & seen.people("train"))
    if trained and not allowed:
        more = f" and {len(trained) - EXAMPLES} more" if len(trained) > EXAMPLES else ""
        raise FakelocError(
            f"{records}: {len(trained)} of {len(here)} people of the split {split!r} "
            f"are in the training of {run}: {', '.join(trained[:EXAMPLES])}{more}. "
            "Evaluate another split; or pass --allow-overlap, and metrics.json says "
            "so. Data sets of the same name are taken for one, whatever their quality: "
            "if these are two, prepare one of them again with another --name"
        )
    return {
        "known": not seen.step1_unknown,
        "in_split": len(here),
        "shared_with_training": len(trained),
        "shared_with_validation": len(here & seen.people("val")),
    }


def _choices(
    run: Path, run_metrics: Mapping[str, Any]
) -> dict[str, dict[str, str] | None]:
    """On what checkpoint and threshold were chosen (`chosen_on`); None = not said.

    A calibration, which came after the training, has chosen another threshold.
    """
    trained = run_metrics.get("chosen_on")
    calibration = read_calibration(run)
    if calibration is None:
        return {"checkpoint": trained, "threshold": trained}
    threshold = {
        "split": calibration.split,
        "records": calibration.dataset,
        "records_sha256": calibration.records_sha256,
    }
    return {"checkpoint": trained, "threshold": threshold}


def _check_choices(
    run: Path, choices: Mapping[str, Mapping[str, str] | None], split: str
) -> None:
    """Raises a FakelocError where a test would be of what was chosen on a test.

    Note: on any test split, not only on this one: the same people may be in the test
    of another quality, and a set that something was chosen on is no test set.
    """
    for what, choice in choices.items():
        if choice is not None and choice["split"] == split == "test":
            raise FakelocError(
                f"{run}: its {what} was chosen on the test split of "
                f"{choice['records']}; what is then measured on a test is no test. "
                "Choose it on the validation split"
            )


def check_preparation(
    run: Path,
    config: Config,
    seen: Provenance | None,
    records: Path,
    allowed: bool,
) -> dict[str, list[Any]]:
    """Key → [the training records', these records'] where they differ.

    The crop's size counts: faces are brought from there to the model's input, and two
    ways of resampling leave different noise. σ does not change scores or maps, but the
    noise maps' targets, and tells a preparation of another quality.
    """
    found = preparation_of(dataset_info(records))
    if seen is not None:
        wanted = seen.preparation
    else:
        # The records' own word is not known: what the config says of the crop's size
        # need not be true, of these two it was always checked.
        wanted = {"margin": config.prepare.margin, "sigma": config.prepare.sigma}
    other = {
        key: [value, found.get(key)]
        for key, value in wanted.items()
        if not _same(value, found.get(key))
    }
    if other and not allowed:
        said = "; ".join(
            f"{key}={there}, but the run {run} was trained with {key}={value}"
            for key, (value, there) in other.items()
        )
        raise FakelocError(
            f"{records} was prepared with {said}. Prepare the data again as for the "
            "training; or pass --allow-other-preparation, and metrics.json says so"
        )
    return other


def _same(wanted: Any, found: Any) -> bool:
    if isinstance(wanted, str) or found is None:
        return wanted == found
    return math.isclose(wanted, found)
