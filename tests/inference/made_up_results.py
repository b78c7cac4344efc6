"""A results folder by the contract of `fakeloc detect`, without detector or model."""

import json

import numpy as np
from doubles import box, gradient, make_info

from fakeloc_tf.inference.evidence import write_evidence
from fakeloc_tf.inference.overlay import DrawnFace
from fakeloc_tf.inference.report_text import for_people
from fakeloc_tf.media.faces import crop_box

BOX = box(40, 30, 40)
HASH = "ab" * 32


def drawn_face(verdict="likely_manipulated", probability=0.9):
    level = np.linspace(0, 1, 16, dtype=np.float32)[None].repeat(16, 0)
    square = crop_box(BOX, 1.3, 120, 160)
    return DrawnFace(BOX, square, probability, verdict, level)


def call(**changes):
    info = make_info(threshold=0.8, threshold_source="chosen on cheese", **changes)
    fields = {key: getattr(info, key) for key in ("name", "threshold", "classes")}
    fields |= {"trained_on": "goats", "threshold_source": "chosen on cheese"}
    fields |= {"calibration_source": info.calibration_source, "sha256": "ef" * 32}
    fields |= {"path": "runs/goat", "engine": "tensorflow", "config_sha256": "0" * 64}
    return {
        "version": "0.1.0",
        "command": ["fakeloc", "detect", "goats"],
        "started": "2026-11-25T10:00:00Z",
        "versions": {"python": "3.11.7"},
        "options": {"fps": 4.0},
        "model": fields
        | for_people(info)
        | {"thresholds": {"face": [0.8, 0.2], "video": [0.7, 0.3]}},
    }


def shared(path, kind, status="ok"):
    return {
        "path": path,
        "kind": kind,
        "sha256": HASH,
        "bytes": 1234567,
        "status": status,
        "width": 160,
        "height": 120,
    }


def failed(path, status="unreadable", **changes):
    head = shared(path, "image", status)
    return head | {"reason": f"{path} is empty"} | changes


def face_fields(folder, name, number, probability):
    verdict = "likely_manipulated" if probability >= 0.8 else "not_sure"
    return {
        "box": [40.0, 30.0, 80.0, 70.0],
        "face_score": 1.0,
        "pose": "left",
        "crop_box": [34, 24, 86, 76],
        "probability": probability,
        "verdict": verdict,
        "warnings": [],
        "manipulated_fraction": 0.25,
        "mask": "masks/x.png",
        "evidence": write_evidence(
            folder, f"{name}@{number}", gradient(), drawn_face(verdict), crop_size=32
        ),
    }


def image_row(folder, path="a.jpg", probability=0.9, faces=1, **changes):
    name = str(abs(hash(path)))
    rows = [
        {"face": n} | face_fields(folder, name, n, probability - n / 100)
        for n in range(faces)
    ]
    head = shared(path, "image")
    verdict = rows[0]["verdict"]
    head |= {"probability": probability, "verdict": verdict, "faces": rows}
    return head | {"overlay": f"overlays/{name}.png"} | changes


def video_row(folder, path="v.mp4"):
    """Track 0: 0.1, 0.9, away, 0.5 at seconds 0, 1, 2, 3; track 1: 1.0 at second 0."""

    def face(track, probability):
        return {"track": track, "probability": probability}

    frames = [
        {"frame": 0, "time": 0.0, "faces": [face(0, 0.1), face(1, 1.0)]},
        {"frame": 5, "time": 1.0, "faces": [face(0, 0.9)]},
        {"frame": 10, "time": 2.0, "faces": []},
        {"frame": 15, "time": 3.2, "faces": [face(0, 0.5)]},
    ]
    tracks = [_track(folder, 0, 3, 0.5, [1.0, 3.2]), _track(folder, 1, 1, 1.0, [0.0])]
    tracks[0] |= {
        "manipulated_seconds": [[1.0, 3.2]],
        "smoothed": [[0.0, 0.2], [1.0, 0.8]],
    }
    row = shared(path, "video")
    row |= {"fps": 5.0, "frames_in_file": 20, "frames_scored": 4, "seconds": 4.0}
    row |= {"probability": 0.5, "verdict": "not_sure", "aggregation": "mean"}
    return row | {"overlay": "overlays/v #1?.mp4", "tracks": tracks, "frames": frames}


def _track(folder, number, frames, probability, times):
    kept = ("box", "crop_box", "manipulated_fraction", "evidence")
    peaks = []
    for time in times:
        fields = face_fields(folder, "v", f"{number}-{time}", 0.9)
        peak = {"frame": round(5 * time), "time": time, "probability": 0.9}
        peaks.append(peak | {key: fields[key] for key in kept})
    return {
        "track": number,
        "frames": frames,
        "first_time": 0.0,
        "last_time": 3.2,
        "probability": probability,
        "verdict": "not_sure",
        "warnings": [{"code": "small", "text": "The face is <tiny>."}],
        "manipulated_seconds": [],
        "smoothed": [[0.0, 1.0]],
        "peaks": peaks,
    }


def write_results(folder, *rows, **changes):
    folder.mkdir(exist_ok=True)
    text = "".join(json.dumps(row) + "\n" for row in rows)
    (folder / "results.jsonl").write_text(text)
    (folder / "call.json").write_text(json.dumps(call(**changes)))
    return folder
