"""`python -m pipelines.index`: the table, and what is wrong, before any long work."""

import csv
from pathlib import Path

import numpy as np
import pytest
import trees

from fakeloc_tf.config import PrepareConfig
from fakeloc_tf.media.images import write_png
from pipelines import index, inventory, prepare
from pipelines.layouts import list_sources
from pipelines.layouts.request import Request
from pipelines.sources import Listing, Source

SMALL = ("--set", "prepare.frames_train=2", "--set", "prepare.real_factor=2")


@pytest.fixture(scope="module")
def tree(tmp_path_factory):
    return trees.make_ffpp(tmp_path_factory.mktemp("ffpp") / "tree")


def test_videos_and_faces_are_counted_by_method_and_split(tree):
    listing = list_sources(Request(tree, "ff"))
    config = PrepareConfig(frames_train=2, frames_eval=5, real_factor=2)

    totals = inventory.breakdown(inventory.take(listing.sources, config))

    # Three frames a video; of 010, too, whose faces nobody has searched yet.
    assert totals == {
        ("pristine", "train"): (2, 8),
        ("Deepfakes", "train"): (1, 2),
        ("Face2Face", "train"): (1, 2),
    } | {
        (method, split): (1, 3)
        for method in ("pristine", "Deepfakes", "Face2Face")
        for split in ("val", "test")
    }


def test_unreadable_files_are_listed_and_make_the_status_1(tree, capsys):
    assert index.main(["--input", str(tree), *SMALL]) == 1

    text = capsys.readouterr().out
    assert "cannot be read: 2" in text
    assert "011.mp4 is empty" in text and "012.mp4" in text
    assert "pristine: 1 not_in_splits, e.g. pristine/999" in text
    assert "fakes without a mask, for the label only: 3" in text


def test_faces_found_come_from_the_records(tmp_path, capsys):
    folder = trees.make_folder(tmp_path / "set")
    out = tmp_path / "records"
    call = ["--input", str(folder), "--out", str(out), "--crop", "none"]
    assert prepare.main(call) == 0
    capsys.readouterr()

    assert index.main(["--input", str(folder), "--records", str(out)]) == 0
    assert "2/2" in capsys.readouterr().out
    assert index.main(["--input", str(folder), "--records", str(folder)]) == 2
    assert "holds no prepared data set" in capsys.readouterr().err


def test_faces_wanted_are_those_of_the_records_settings(ffpp_tree, tmp_path, capsys):
    out = tmp_path / "records"
    assert prepare.main(["--input", str(ffpp_tree), "--out", str(out), *SMALL]) == 0
    capsys.readouterr()

    index.main(["--input", str(ffpp_tree), "--records", str(out)])
    of_records = capsys.readouterr().out
    assert " 2/2 " in of_records
    index.main(["--input", str(ffpp_tree), "--records", str(out), *SMALL])
    assert capsys.readouterr().out == of_records


def test_large_counts_are_not_cut_where_there_is_no_terminal(capsys):
    source = Source(Path("a"), None, 0, "pristine", "a", ("a",), "train", "c23", "set")
    items = [inventory.Item(source, 1, 1_234_567_890_123_456, "")]
    listing = Listing((source,), ("pristine",))

    inventory.show(listing, items, {"train": {"pristine": 1_234_567_890_123_456}})
    assert "1,234,567,890,123,456/1,234,567,890,123,456" in capsys.readouterr().out


def test_the_csv_has_a_line_a_file(tmp_path):
    folder = trees.make_folder(tmp_path / "set")
    (folder / "real" / "notes.txt").touch()
    out = tmp_path / "index.csv"

    assert index.main(["--input", str(folder), "--out", str(out)]) == 0
    with out.open(newline="") as lines:
        rows = list(csv.DictReader(lines))
    assert len(rows) == 7
    assert rows.pop()["problem"] == "unsupported"
    assert {row["split"] for row in rows} == {"train", "val", "test"}
    assert all(row["frames"] == row["wanted"] == "1" for row in rows)


def test_files_of_a_kind_that_are_left_out_are_one_line(tmp_path, capsys):
    for name in range(9):
        write_png(tmp_path / "real" / f"{name}.png", np.zeros((8, 8, 3), np.uint8))
        (tmp_path / "real" / f"{name}.txt").touch()

    assert index.main(["--input", str(tmp_path)]) == 0
    text = capsys.readouterr().out
    assert "left out: 9" in text
    assert "pristine: 9 unsupported, e.g. real/0.txt" in text
