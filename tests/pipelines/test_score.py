"""`python -m pipelines.score`, as a user runs it, against `fakeloc detect`."""

import contextlib
import io
import json
import shutil

import cv2
import numpy as np
import pandas as pd
import pyarrow.parquet as pq
import pytest
import score_calls
import toy_run

from fakeloc_tf import detect
from fakeloc_tf.inference.loading import model_sha256
from pipelines.scoring import chunks, schemas


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    return toy_run.make_run(tmp_path_factory.mktemp("score_runs") / "toy")


@pytest.fixture(scope="module")
def inputs(tmp_path_factory):
    return score_calls.make_input(tmp_path_factory.mktemp("score_in") / "in")


@pytest.fixture(scope="module")
def scored(run, inputs, tmp_path_factory):
    out = tmp_path_factory.mktemp("score_out") / "out"
    with pytest.MonkeyPatch.context() as patch:
        # Chunks that end within a picture and within the clip.
        patch.setattr(chunks, "FACES", 2)
        status = score_calls.call(inputs, run, out, "--masks")
    assert status == 1  # two files are bad
    return out


@pytest.fixture(scope="module")
def detected(run, inputs):
    """Path → row of `fakeloc detect` on the same files."""
    said = io.StringIO()
    with contextlib.redirect_stdout(said):
        call = [str(inputs), "--model", str(run), "--json", "--workers", "1"]
        assert detect.main([*call, *score_calls.SIDE]) == 1
    return {row["path"]: row for row in map(json.loads, said.getvalue().splitlines())}


def faces_of(row):
    """(frame, time, face) of a row of `results.jsonl`."""
    if row["kind"] == "image":
        return [(0, 0.0, face) for face in row.get("faces", [])]
    frames = row.get("frames", [])
    return [(f["frame"], f["time"], face) for f in frames for face in f["faces"]]


def test_every_file_is_in_one_table_exactly_once(scored, inputs):
    files = list(pd.read_parquet(scored / "files")["path"])
    bad = list(pd.read_parquet(scored / "bad_files")["path"])
    assert sorted(files + bad) == sorted(str(path) for path in inputs.iterdir())


def test_files_say_what_detect_says(scored, detected):
    table = pd.read_parquet(scored / "files").astype(object)
    bad = pd.read_parquet(scored / "bad_files")
    assert len(table) + len(bad) == len(detected)
    for row in table.to_dict("records"):
        expected = detected[row["path"]]
        for mine, theirs in (
            ("status", "status"),
            ("sha256", "sha256"),
            ("bytes", "bytes"),
            ("image_width", "width"),
            ("verdict", "verdict"),
            ("note", "note"),
        ):
            assert row[mine] == expected.get(theirs), (row["path"], mine)
        assert row["faces"] == len(faces_of(expected))
        if "probability" in expected:
            assert row["probability"] == pytest.approx(
                expected["probability"], abs=1e-5
            )
    for row in bad.to_dict("records"):
        expected = detected[row["path"]]
        for key in ("status", "reason", "sha256"):
            assert row[key] == expected[key]


def test_faces_have_the_scores_of_detect(scored, detected):
    table = pd.read_parquet(scored / "faces")
    assert set(table["frame"]) == set(range(5)) and table["face"].max() == 1
    for path, found in table.groupby("path"):
        expected = faces_of(detected[path])
        assert len(found) == len(expected)
        for row, (frame, time, face) in zip(
            found.to_dict("records"), expected, strict=True
        ):
            assert (row["frame"], row["time"]) == (frame, time)
            assert row["probability"] == pytest.approx(face["probability"], abs=1e-5)
            assert row["manipulated_fraction"] == pytest.approx(
                face["manipulated_fraction"], abs=1e-3
            )
            assert (row["verdict"], row["pose"]) == (face["verdict"], face["pose"])
            assert list(row["warnings"]) == face["warnings"]
            if "track" in face:
                assert row["track"] == face["track"]
            left, top, right, bottom = face["box"]
            box = [row[f"box_{key}"] for key in "xywh"]
            np.testing.assert_allclose(
                box, [left, top, right - left, bottom - top], atol=0.11
            )
            left, top, right, bottom = face["crop_box"]
            crop = [row[f"crop_{key}"] for key in "xywh"]
            assert crop == [left, top, right - left, bottom - top]


def test_masks_are_pictures_of_the_map(scored):
    for row in pd.read_parquet(scored / "faces").to_dict("records"):
        mask = cv2.imdecode(np.frombuffer(row["mask"], np.uint8), cv2.IMREAD_UNCHANGED)
        assert mask.ndim == 2 and mask.dtype == np.uint8
        assert np.mean(mask >= 128) == pytest.approx(
            row["manipulated_fraction"], abs=0.02
        )


@pytest.mark.parametrize(
    ("folder", "schema"),
    [
        ("faces", schemas.with_masks(schemas.FACES, True)),
        ("files", schemas.FILES),
        ("bad_files", schemas.BAD_FILES),
    ],
)
def test_every_part_has_the_same_schema_and_zstd(scored, folder, schema):
    parts = sorted((scored / folder).glob("part-*.parquet"))
    # Eight pictures and others in threes, and the clip.
    assert [path.name for path in parts] == [f"part-{n:08d}.parquet" for n in range(4)]
    for path in parts:
        file = pq.ParquetFile(path)
        assert file.schema_arrow.equals(schema), path
        for group in range(file.metadata.num_row_groups):
            found = file.metadata.row_group(group).column(0).compression
            assert found == "ZSTD"


def test_the_summary_counts_the_rows(scored, run, capsys, inputs):
    summary = json.loads((scored / "summary.json").read_text())
    files = pd.read_parquet(scored / "files")
    faces = pd.read_parquet(scored / "faces")
    statuses = dict(files["status"].value_counts())
    assert summary["statuses"] == statuses | {"unreadable": 1, "unsupported": 1}
    assert summary["files"] == sum(summary["statuses"].values()) == 9
    assert summary["faces"] == len(faces) == files["faces"].sum()
    assert set(faces["model_sha256"]) == {model_sha256(run)}
    last = summary["last_run"]
    assert last["files_per_hour"] == pytest.approx(
        3600 * last["files"] / last["seconds"],
        rel=1e-3,  # both are rounded
    )


def test_only_tables_are_left(scored):
    names = {path.name for path in scored.iterdir()}
    assert names == {"faces", "files", "bad_files", "summary.json", ".job"}
    assert not list(scored.glob("*/.part*"))


def test_again_nothing_is_left_to_do(scored, run, inputs, tmp_path, capsys):
    out = tmp_path / "out"
    shutil.copytree(scored, out)
    before = {path: path.stat().st_mtime_ns for path in out.glob("*/part-*")}
    summary = (out / "summary.json").read_text()
    assert score_calls.call(inputs, run, out, "--masks") == 1
    assert {path: path.stat().st_mtime_ns for path in out.glob("*/part-*")} == before
    assert (out / "summary.json").read_text() == summary
    assert "5 ok, 1 no face, 1 too small" in capsys.readouterr().out


def test_other_settings_are_not_mixed_in(scored, run, inputs, capsys):
    assert score_calls.call(inputs, run, scored) == 2  # without --masks
    said = capsys.readouterr().err
    assert "other settings" in said and "choose another --out" in said


def test_a_folder_of_other_things_is_left_alone(run, inputs, tmp_path, capsys):
    (tmp_path / "mine.txt").touch()
    assert score_calls.call(inputs, run, tmp_path) == 2
    assert "holds no scores; choose another folder" in capsys.readouterr().err
    assert [path.name for path in tmp_path.iterdir()] == ["mine.txt"]


@pytest.mark.parametrize("kind", ["model", "input"])
def test_what_is_missing_is_named_before_any_work(run, inputs, tmp_path, capsys, kind):
    given = {"model": run, "input": inputs} | {kind: tmp_path / "nowhere"}
    out = tmp_path / "out"
    assert score_calls.call(given["input"], given["model"], out) == 2
    assert f"{tmp_path / 'nowhere'}" in capsys.readouterr().err


def test_a_pattern_without_quotes_is_told(run, inputs, tmp_path, capsys):
    more = [inputs / "pair.png", inputs / "grey.png"]
    assert score_calls.call(inputs / "clip.mp4", run, tmp_path / "out", *more) == 2
    assert "needs quotes" in capsys.readouterr().err


def test_a_call_with_wrong_input_binds_nobody(run, inputs, tmp_path, capsys):
    out = tmp_path / "out"
    assert score_calls.call(inputs / "*.nothing", run, out) == 2
    assert "matches no files" in capsys.readouterr().err
    assert score_calls.call(inputs / "grey.png", run, out) == 0


def test_a_call_killed_before_its_summary_is_summed_up(scored, run, inputs, tmp_path):
    out = tmp_path / "out"
    shutil.copytree(scored, out)
    (out / "summary.json").unlink()
    for _ in range(2):
        assert score_calls.call(inputs, run, out, "--masks") == 1
        summary = json.loads((out / "summary.json").read_text())
        assert summary["files"] == 9 and "last_run" not in summary


def test_the_same_words_in_another_folder_are_other_input(
    run, inputs, tmp_path, capsys, monkeypatch
):
    """The paths of the rows would lead nowhere, or to other files."""
    out = tmp_path / "out"
    monkeypatch.chdir(inputs)
    assert score_calls.call("grey.png", run, out) == 0
    monkeypatch.chdir(tmp_path)
    assert score_calls.call("grey.png", run, out) == 2
    said = capsys.readouterr().err
    assert f"{out} holds work on other input" in said and "delete it" in said
