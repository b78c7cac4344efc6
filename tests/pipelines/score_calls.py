"""Inputs and calls of `pipelines.score`, for its tests."""

import numpy as np
import pandas as pd
from trees import portraits

from fakeloc_tf.media.images import write_png
from fakeloc_tf.media.video import write_video
from pipelines import score

# Quick to look at: the portraits are 410 pixels high.
SIDE = ("--face-side", "410")
FOLDERS = ("faces", "files", "bad_files")


def make_input(folder):
    """Three people, two of them in one picture, a clip, a grey picture, two bad."""
    folder.mkdir(parents=True)
    people = list(portraits().values())
    for number, image in enumerate(people):
        write_png(folder / f"person{number}.png", image)
    height = min(image.shape[0] for image in people)
    pair = np.concatenate([image[:height] for image in people[:2]], 1)
    write_png(folder / "pair.png", pair)
    write_png(folder / "grey.png", np.full((120, 120, 3), 90, np.uint8))
    write_png(folder / "tiny.png", np.full((20, 20, 3), 90, np.uint8))
    clip = (np.roll(people[0], 4 * i, 1) for i in range(5))
    write_video(folder / "clip.mp4", clip, 4.0)
    (folder / "broken.jpg").write_text("no picture")
    (folder / "notes.txt").write_text("no picture")
    return folder


def call(inputs, run, out, *more):
    """Exit status of one call."""
    small = ["--group-size", "3", "--readers", "0", *SIDE]
    given = ["--input", str(inputs), "--model", str(run), "--out", str(out)]
    return score.main([*given, *small, *map(str, more)])


def rows(out):
    """Folder → its rows in a fixed order, without what differs between two calls."""
    found = {}
    for name in FOLDERS:
        table = pd.read_parquet(out / name).drop(columns="seconds", errors="ignore")
        keys = [key for key in ("path", "frame", "face") if key in table]
        found[name] = table.sort_values(keys, ignore_index=True)
    return found


def assert_same_rows(out, other):
    """Both folders hold the same rows."""
    found, expected = rows(out), rows(other)
    for name in FOLDERS:
        pd.testing.assert_frame_equal(found[name], expected[name], rtol=0, atol=1e-5)
