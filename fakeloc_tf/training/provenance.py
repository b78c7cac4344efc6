"""`training_data.json` of a run: on whose faces it was trained and chosen."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, ValidationError

from fakeloc_tf import shipped
from fakeloc_tf.config import Config, config_sha256
from fakeloc_tf.data.made.pool import load_pool
from fakeloc_tf.data.people import people_of, person
from fakeloc_tf.data.prepared import dataset_info, split_sha256
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import file_sha256, write_text

FILE = "training_data.json"
USES: tuple[Literal["train", "val"], ...] = ("train", "val")


class _Section(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class UsedFaces(_Section):
    """A split that a run was trained on, or was validated on to choose its best model.

    Attributes:
        use: train or val.
        records: folder of the records, as the config had it.
        records_sha256: see `data.prepared.split_sha256`.
        people: see `data.people.people_of`.
    """

    use: Literal["train", "val"]
    records: str
    records_sha256: str
    people: tuple[str, ...]


class Provenance(_Section):
    """What a run has seen.

    Attributes:
        own: the run's two splits.
        step1: those of the run that its step 2 began with, if that was another one.
        step1_unknown: there was one, but it does not say what it was trained on.
        preparation: `margin`, `crop_size`, `sigma` and `crop` (detect or none) of the
            records, as far as their `dataset.json` says; `crop` not where the training
            faces were made: those lie as a face detector crops them.
    """

    own: tuple[UsedFaces, ...]
    step1: tuple[UsedFaces, ...] = ()
    step1_unknown: bool = False
    preparation: dict[str, float | str]

    def people(self, use: str) -> set[str]:
        """Everybody that was trained on, or validated on."""
        both = (*self.own, *self.step1)
        return {who for faces in both if faces.use == use for who in faces.people}


def preparation_of(info: dict[str, Any]) -> dict[str, float | str]:
    """What of a `dataset.json` decides how a face looks to the model."""
    found = {key: info["prepare"].get(key) for key in ("margin", "crop_size", "sigma")}
    found["crop"] = info.get("crop")
    return {key: value for key, value in found.items() if value is not None}


def provenance_of(config: Config, run: Path) -> Provenance:
    """What a run is going to see; of a run that goes on, what it began with.

    Raises:
        FakelocError: the records are broken, or others than those of the start.
    """
    records = config.data.records
    hashes = {use: split_sha256(records, use) for use in USES}
    before = read_provenance(run)
    if before is not None:
        if hashes != {faces.use: faces.records_sha256 for faces in before.own}:
            raise FakelocError(
                f"{records} is no longer what {run} was started with ({FILE}); train "
                "into another folder with --run"
            )
        return before
    own = tuple(
        UsedFaces(
            use=use,
            records=Path(records).as_posix(),
            records_sha256=sha256,
            people=tuple(_people(config, use)),
        )
        for use, sha256 in hashes.items()
    )
    earlier, given = None, config.training.step1_from
    if given is not None:
        path = shipped.locate(given)
        earlier = read_provenance(path.parent if path.suffix == ".keras" else path)
    return Provenance(
        own=own,
        step1=(*earlier.own, *earlier.step1) if earlier else (),
        step1_unknown=given is not None and (not earlier or earlier.step1_unknown),
        preparation=_preparation(config),
    )


def _preparation(config: Config) -> dict[str, float | str]:
    found = preparation_of(dataset_info(config.data.records))
    made = bool(config.data.made.portraits)
    return {k: v for k, v in found.items() if not (made and k == "crop")}


def _people(config: Config, use: str) -> list[str]:
    """Everybody of a split; where faces are made, everybody they may be made of."""
    records, portraits = config.data.records, config.data.made.portraits
    if use != "train" or not portraits:
        return people_of(records, use)
    name = dataset_info(records)["name"]
    return sorted({person(name, who.identity) for who in load_pool(portraits)})


def write_provenance(provenance: Provenance, run: Path) -> None:
    """Writes `training_data.json` into a run: whole, or not at all."""
    write_text(run / FILE, provenance.model_dump_json(indent=2) + "\n")


def read_provenance(run: str | os.PathLike[str]) -> Provenance | None:
    """What a run has seen; None of one that was started before runs said so.

    Raises:
        FakelocError: the file is broken.
    """
    path = Path(run) / FILE
    if not path.is_file():
        return None
    try:
        return Provenance.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise FakelocError(
            f"{path} cannot be read ({error}); without it, evaluation cannot tell "
            "whether test people were trained on"
        ) from error


def people_trained_on(model: str | os.PathLike[str]) -> int | None:
    """How many people a model was trained on; None where its run does not say.

    Args:
        model: a run folder, or a `.keras` file in one.
    """
    path = Path(model)
    seen = read_provenance(path.parent if path.suffix == ".keras" else path)
    if seen is None or seen.step1_unknown:
        return None
    return len(seen.people("train"))


def chosen_on(records: str | os.PathLike[str], split: str) -> dict[str, str]:
    """On what a threshold or a checkpoint was chosen, for the file that says so.

    Returns:
        `split`, `records` (folder), `records_sha256` (see `split_sha256`).
    """
    return {
        "split": split,
        "records": Path(records).as_posix(),
        "records_sha256": split_sha256(records, split),
    }


def hashes(
    config: Config,
    model: Path,
    records: str | os.PathLike[str],
    splits: Sequence[str],
) -> dict[str, Any]:
    """What the numbers of a metrics file are of.

    Returns:
        `records`: split → `split_sha256`, of `dataset.json` and of names and sizes of
        the files, not of all their bytes; `model`: of the `.keras` file; `config`: of
        the resolved configuration.
    """
    return {
        "records": {split: split_sha256(records, split) for split in splits},
        "model": file_sha256(model),
        "config": config_sha256(config),
    }
