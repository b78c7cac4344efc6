"""Makes the detector that is shipped, and its model card.

python tools/shipped.py prepare --dfdc CROPS --portraits DIR --out RECORDS
fakeloc train --config configs/shipped.yaml --data RECORDS --run RUN
python tools/shipped.py package --run RUN
python tools/shipped.py report --run RUN --records RECORDS --pairs CSV --out FOLDER
python tools/shipped.py tries RUN ... --out TRIES
python tools/shipped.py card --figures FOLDER/figures.json --tries TRIES --out CARD
"""

from __future__ import annotations

import csv
import os
import sys
import tempfile
from pathlib import Path
from typing import Annotated

import typer
from shipped_card import card
from shipped_package import package
from shipped_report import report
from shipped_tries import tries
from study import identities
from tqdm import tqdm

from fakeloc_tf import cli
from fakeloc_tf import config as config_module
from fakeloc_tf.data.made.faces import FaceMaker
from fakeloc_tf.data.made.pool import load_pool
from fakeloc_tf.media.images import write_png

CONFIG = Path(__file__).parents[1] / "configs" / "shipped.yaml"
# Parts of DFDC on which checkpoint, threshold and temperature are chosen.
CHOSEN_ON = range(10)
# Not a number of an epoch in training.
_NO_EPOCH = 1_000_000


def prepare(
    dfdc: Annotated[Path, typer.Option(help="crops of DFDC: real/, fake/, masks/")],
    out: Annotated[Path, typer.Option(help="new folder for the records")],
    portraits: Annotated[list[str], typer.Option(help="folders of portraits")],
    pairs: Annotated[int, typer.Option(min=1, help="made pairs in the records")] = 500,
) -> int:
    """Records: made faces to train, DFDC's parts 0 to 9 to choose, the others to test.

    Training makes new faces in each epoch; those in the records say what the masks look
    like. Who was trained on, `training_data.json` of the run says.
    """
    from pipelines import prepare as pipeline

    config = config_module.load(CONFIG)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        rows = [
            (file, person, "val" if int(person[-2:]) in CHOSEN_ON else "test")
            for file, person, _ in identities(dfdc)
        ]
        for kind in ("real", "fake", "masks"):
            (folder / kind).mkdir()
            for path in sorted((dfdc / kind).iterdir()):
                os.symlink(path.resolve(), folder / kind / path.name)
        rows += _make(folder, portraits, pairs, config.prepare.crop_size)
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


def _make(
    folder: Path, portraits: list[str], pairs: int, size: int
) -> list[tuple[str, str, str]]:
    """Writes made pairs; (file, identity, split) of each."""
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


VERBS = {
    "prepare": prepare,
    "package": package,
    "report": report,
    "tries": tries,
    "card": card,
}


def main(argv: list[str] | None = None) -> int:
    """Runs a verb; the exit status."""
    argv = sys.argv[1:] if argv is None else argv
    if not argv or argv[0] not in VERBS:
        print(
            f"usage: python tools/shipped.py {{{'|'.join(VERBS)}}} …", file=sys.stderr
        )
        return 2
    return cli.run(VERBS[argv[0]], argv[1:], prog=f"python tools/shipped.py {argv[0]}")


if __name__ == "__main__":
    sys.exit(main())
