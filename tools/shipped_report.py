"""`shipped.py report`: what the detector is worth, as `figures.json`."""

from __future__ import annotations

import datetime
import json
import os
import platform
from importlib import metadata
from pathlib import Path
from typing import Annotated, Any

import typer
from shipped_faces import damaged_faces, evaluate_faces
from shipped_failures import draw_worst, made_figures, score_made
from shipped_files import file_figures, look_at, per_video
from shipped_groups import by_part, by_pose, by_size, by_strength, read_pairs
from shipped_look import note_look
from shipped_people import strangers
from shipped_reading import read_json

from fakeloc_tf import config as config_module
from fakeloc_tf.data.made.pool import load_pool
from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.evaluate import Split
from fakeloc_tf.evaluation import bootstrap
from fakeloc_tf.files import file_sha256, write_text
from fakeloc_tf.inference.detector import Detector

FIGURES = "figures.json"
FAILURES = "failures.png"
# Fine-tuning is tried on the parts before, and measured on these.
TUNING_TEST = range(25, 35)


def report(
    run: Annotated[Path, typer.Option(help="folder of the run")],
    records: Annotated[Path, typer.Option(help="what `prepare` wrote")],
    out: Annotated[Path, typer.Option(help=f"folder for {FIGURES} and {FAILURES}")],
    pairs: Annotated[
        Path | None, typer.Option(help="pairs.csv of the crops: size, strength, part")
    ] = None,
    portraits: Annotated[
        list[str] | None, typer.Option(help="folders; people kept out of training")
    ] = None,
    videos: Annotated[Path | None, typer.Option(help="real videos")] = None,
    fakes: Annotated[Path | None, typer.Option(help="fake videos")] = None,
    split: Annotated[Split, typer.Option(help="val: a rehearsal")] = Split.TEST,
    again: Annotated[
        bool, typer.Option("--again", help="although the test was looked at")
    ] = False,
    limit: Annotated[int, typer.Option(min=2, help="damaged faces a level")] = 400,
    made: Annotated[int, typer.Option(min=2, help="made pairs of the demo")] = 100,
    workers: Annotated[int, typer.Option(min=1, help="processes that read")] = 2,
) -> int:
    """The FINAL look at the test split, once a run; with --split val a rehearsal."""
    detector = Detector(run)
    known = read_pairs(pairs) if pairs else None
    found: dict[str, Any] = {"facts": _facts(run, made, limit)}
    if split is Split.TEST:
        date = found["facts"]["date"]
        found["facts"]["looks"] = note_look(run, records, date, again)
    found |= _of_records(detector, run, records, split.value, known, limit)
    found |= _of_files(detector, portraits, videos, fakes, workers)
    people = strangers([p for p in load_portraits() if p.split == "test"], portraits)
    faces = score_made(detector, people, made)
    found["made"] = made_figures(faces, detector.info.threshold)
    draw_worst(faces, out / FAILURES)
    write_text(
        out / FIGURES, json.dumps(found, indent=2, sort_keys=True, allow_nan=False)
    )
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
    limit_score = detector.info.threshold
    size = detector.info.image_size
    whole, rows = evaluate_faces(run, records, split, limit_score, size)
    groups = by_pose(rows, records, split, limit_score)
    tuning = None
    if pairs is not None:
        groups = [
            *by_size(rows, pairs, limit_score),
            *by_strength(rows, pairs, limit_score),
            *groups,
        ]
        tuning = by_part(rows, pairs, TUNING_TEST, limit_score)
    damaged = damaged_faces(run, records, split, limit_score, limit)
    return {
        "dfdc": whole,
        "conditions": groups,
        "damaged": damaged,
        "tuning_test": tuning,
    }


def _of_files(
    detector: Detector,
    portraits: list[str] | None,
    videos: Path | None,
    fakes: Path | None,
    workers: int,
) -> dict[str, Any]:
    """Portraits and videos; None where none are given."""
    found: dict[str, Any] = {"portraits": None, "videos_real": None, "fakes": None}
    if portraits:
        kept = load_pool(portraits, held_out=True)
        people = strangers(kept, portraits)
        rows = look_at(detector, [person.path for person in people], workers)
        found["portraits"] = file_figures(rows, detector) | {
            "highest": _highest(rows),
            "left_out": len(kept) - len(people),
        }
    for name, folder in (("videos_real", videos), ("fakes", fakes)):
        if folder is not None:
            rows = look_at(detector, [folder], workers)
            found[name] = file_figures(rows, detector) | {"each": per_video(rows)}
    return found


def _highest(rows: list[dict[str, Any]], count: int = 5) -> list[dict[str, Any]]:
    """The real portraits scored highest, among those that the project ships."""
    shipped = {portrait.path.name for portrait in load_portraits()}
    scored = [
        {
            "portrait": Path(row["path"]).name,
            "probability": row["probability"],
            "verdict": row["verdict"],
        }
        for row in rows
        if "probability" in row and Path(row["path"]).name in shipped
    ]
    return sorted(scored, key=lambda row: -row["probability"])[:count]


def _facts(run: Path, made: int, limit: int) -> dict[str, Any]:
    """What the figures belong to; no path of this machine."""
    config = config_module.load(run / "config.yaml")
    versions = read_json(run / "versions.json")
    return {
        "date": datetime.date.today().isoformat(),
        "machine": f"{os.cpu_count()} CPU cores ({platform.machine()})",
        "versions": {p: metadata.version(p) for p in ("keras", "tensorflow")},
        "commit": versions.get("git", "unknown")[:10],
        "run": config.name,
        "seed": config.training.seed,
        "model_sha256": file_sha256(run / "best.keras"),
        "image_size": config.model.image_size,
        "backbone": config.model.backbone.name,
        "epochs": config.training.step1.epochs + config.training.step2.epochs,
        "pairs_an_epoch": config.data.made.pairs,
        "crop_size": config.prepare.crop_size,
        "made": made,
        "limit": limit,
        "level": bootstrap.LEVEL,
        "resamples": bootstrap.RESAMPLES,
        "bootstrap_seed": bootstrap.SEED,
    }
