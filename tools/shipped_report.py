"""`shipped.py report`: what the detector is worth, as `figures.json`."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Annotated, Any

import shipped_options as options
import typer
from shipped_faces import damaged_faces, evaluate_faces
from shipped_facts import facts
from shipped_failures import draw_worst, made_figures, score_made
from shipped_files import file_figures, look_at, per_video
from shipped_groups import by_part, by_pose, by_size, by_strength, read_pairs
from shipped_look import check_looks, note_look
from shipped_prepare import tuning_test

from fakeloc_tf import config as config_module
from fakeloc_tf.data.made.pool import load_pool
from fakeloc_tf.data.portraits import Portrait, load_portraits
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluate import Split
from fakeloc_tf.files import write_text
from fakeloc_tf.inference.detector import Detector

FIGURES = "figures.json"
FAILURES = "failures.png"


def report(
    run: options.Run,
    records: options.Records,
    out: options.Out,
    pairs: options.Pairs = None,
    portraits: options.Portraits = None,
    videos: options.Videos = None,
    fakes: options.Fakes = None,
    split: Annotated[Split, typer.Option(help="val: a rehearsal")] = Split.TEST,
    again: options.Again = False,
    limit: options.Limit = 400,
    made: options.Made = 100,
    workers: options.WorkerCount = 2,
) -> int:
    """The FINAL look at a test split, once for all; with --split val a rehearsal."""
    if split is Split.TRAIN:
        raise FakelocError("--split train: made faces are measured anyway; give val")
    final = split is Split.TEST
    if final:
        check_looks(records, again)
    detector = Detector(run)
    known = read_pairs(pairs) if pairs else None
    folders = [str(folder) for folder in portraits or ()]
    found = {"facts": facts(run) | {"made": made, "limit": limit}}
    found |= {"portraits": _of_portraits(detector, folders, workers)}
    found |= _of_videos(detector, videos, fakes, workers)
    found |= {"made": _of_made(detector, made, _trained_on(run, folders), out)}
    # Last: whatever fails before has shown nothing of the test.
    if final:
        found["facts"]["looks"] = note_look(run, records, found["facts"]["date"])
    found |= _of_records(detector, run, records, split.value, known, limit)
    text = json.dumps(found, indent=2, sort_keys=True, allow_nan=False)
    write_text(out / FIGURES, text + "\n")
    print(f"written to {out / FIGURES}")
    return 0


def _of_records(
    detector: Detector,
    run: Path,
    records: Path,
    split: str,
    pairs: dict[str, dict[str, float]] | None,
    limit: int,
) -> dict[str, Any]:
    """DFDC as a whole and by condition."""
    threshold, size = detector.info.threshold, detector.info.image_size
    whole, rows = evaluate_faces(run, records, split, threshold, size)
    groups: list[dict[str, Any]] = []
    if pairs is not None:
        groups += by_size(rows, pairs, threshold)
        groups += by_strength(rows, pairs, threshold)
        groups += by_part(rows, pairs, tuning_test(), threshold)
    groups += by_pose(rows, records, split, threshold)
    return {
        "dfdc": whole,
        "conditions": groups,
        "damaged": damaged_faces(run, records, split, threshold, limit),
    }


def _of_portraits(
    detector: Detector, folders: Sequence[str], workers: int
) -> dict[str, Any] | None:
    """Real portraits of people kept out of training; None where no folder is given."""
    if not folders:
        return None
    people = load_pool(folders, held_out=True)
    rows = look_at(detector, [person.path for person in people], workers)
    return file_figures(rows, detector) | {"highest": _highest(rows)}


def _of_videos(
    detector: Detector, videos: Path | None, fakes: Path | None, workers: int
) -> dict[str, Any]:
    """Whole videos; None where none are given."""
    found: dict[str, Any] = {}
    for name, folder in (("videos_real", videos), ("fakes", fakes)):
        found[name] = None
        if folder is not None:
            rows = look_at(detector, [folder], workers)
            found[name] = file_figures(rows, detector) | {"each": per_video(rows)}
    return found


def _of_made(
    detector: Detector, pairs: int, trained_on: list[Portrait] | None, out: Path
) -> dict[str, Any]:
    """Made faces of the demo's test people; draws the worst mistakes."""
    test = [portrait for portrait in load_portraits() if portrait.split == "test"]
    faces = score_made(detector, test, pairs, trained_on)
    draw_worst(faces, out / FAILURES)
    found = made_figures(faces, detector.info.threshold)
    return found | {"as_in_training": trained_on is not None}


def _trained_on(run: Path, folders: Sequence[str]) -> list[Portrait] | None:
    """Portraits that a run's faces were made of; None where other folders are given."""
    config = config_module.load(run / "config.yaml")
    names = {Path(folder).name for folder in config.data.made.portraits}
    if not names or names != {Path(folder).name for folder in folders}:
        return None
    return load_pool(folders)


def _highest(rows: list[dict[str, Any]], count: int = 5) -> list[dict[str, Any]]:
    """The real portraits scored highest, among those that the project ships."""
    shipped = {portrait.path.name for portrait in load_portraits()}
    scored = [
        {"portrait": Path(row["path"]).name}
        | {key: row[key] for key in ("probability", "verdict")}
        for row in rows
        if "probability" in row and Path(row["path"]).name in shipped
    ]
    return sorted(scored, key=lambda row: -row["probability"])[:count]
