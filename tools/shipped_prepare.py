"""`shipped.py prepare` and `shipped.py tuning`: faces of DFDC as records, by its parts.

The parts of DFDC's training set share no actors.
"""

from __future__ import annotations

import csv
import os
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated

import typer
from study import identities, split_of_part
from tqdm import tqdm

from fakeloc_tf import config as config_module
from fakeloc_tf.data.made.faces import FaceMaker
from fakeloc_tf.data.made.pool import load_pool
from fakeloc_tf.media.images import write_png

CONFIG = Path(__file__).parents[1] / "configs" / "shipped.yaml"
# Parts on which checkpoint, threshold and temperature of the shipped model are chosen.
CHOSEN_ON = range(10)
# Parts 0 to 34 are in the crops.
PARTS = 35
# First part of each split where the shipped model is tuned to DFDC.
TUNING = {"test": 25, "val": 20, "train": 0}
# Not a number of an epoch in training.
_NO_EPOCH = 1_000_000

Dfdc = Annotated[Path, typer.Option(help="crops of DFDC: real/, fake/, masks/")]
Out = Annotated[Path, typer.Option(help="new folder for the records")]
# (file, identity, split) of a face.
Face = tuple[str, str, str]


def prepare(
    dfdc: Dfdc,
    out: Out,
    portraits: Annotated[list[str], typer.Option(help="folders of portraits")],
    pairs: Annotated[int, typer.Option(min=1, help="made pairs in the records")] = 500,
) -> int:
    """Records: made faces to train, DFDC's parts 0 to 9 to choose, the others to test.

    Training makes new faces in each epoch; those in the records say what the masks look
    like. Who was trained on, `training_data.json` of the run says.
    """
    size = config_module.load(CONFIG).prepare.crop_size
    return _write(
        dfdc,
        out,
        lambda part: "val" if part in CHOSEN_ON else "test",
        lambda folder: _make(folder, portraits, pairs, size),
    )


def tuning(dfdc: Dfdc, out: Out) -> int:
    """Records to tune the shipped model to DFDC: parts 0 to 19, 20 to 24, 25 to 34."""
    return _write(dfdc, out, tuning_split, lambda _folder: [])


def tuning_split(part: int) -> str:
    """The split of a part of DFDC where the shipped model is tuned to it."""
    return split_of_part(part, TUNING)


def tuning_test() -> range:
    """Parts on which tuning is measured."""
    return range(TUNING["test"], PARTS)


def _write(
    dfdc: Path,
    out: Path,
    split_of: Callable[[int], str],
    more: Callable[[Path], Sequence[Face]],
) -> int:
    """Prepares DFDC's crops, and what `more` writes beside them; the exit status."""
    from pipelines import prepare as pipeline

    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            (file, person, split_of(int(person[-2:])))
            for file, person, _ in identities(dfdc)
        ]
        for kind in ("real", "fake", "masks"):
            (folder / kind).mkdir()
            for path in sorted((dfdc / kind).iterdir()):
                os.symlink(path.resolve(), folder / kind / path.name)
        rows += more(folder)
        people = folder / "identities.csv"
        with people.open("w", encoding="utf-8", newline="") as file:
            lines = csv.writer(file)
            lines.writerow(("file", "identity", "split"))
            lines.writerows(rows)
        return pipeline.main(
            ["--input", str(folder), "--out", str(out), "--layout", "folder"]
            + ["--identities", str(people), "--crop", "none", "--name", "dfdc_crops"]
            + ["--config", str(CONFIG)]
        )


def _make(folder: Path, portraits: list[str], pairs: int, size: int) -> list[Face]:
    """Writes made pairs."""
    pool = load_pool(portraits)
    rows = []
    maker = FaceMaker(pool, size)
    for index in tqdm(range(pairs), desc="faces", unit="pair"):
        pair = maker.pair((0, _NO_EPOCH, index))
        for kind, face in (("real", pair.real), ("fake", pair.fake)):
            file = f"{kind}/made{index:05d}_{kind}.png"
            write_png(folder / file, face.image_uint8)
            rows.append((file, pool[pair.person].identity, "train"))
            if kind == "fake":
                write_png(folder / "masks" / Path(file).name, face.mask_uint8)
    return rows
