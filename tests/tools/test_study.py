"""The study: its splits, its order, what is skipped and resumed, its tables."""

import csv
import io
import json
import shlex
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import study
import study_runs
from rich.console import Console
from study_jobs import Job, Note
from study_report import collect, write
from study_rows import ROWS, TABLES, resolve
from study_runs import check_jobs, launcher, run_jobs, time_left

from fakeloc_tf import config
from fakeloc_tf.data.prepared import dataset_info
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.images import write_png

SILENT = Console(file=io.StringIO())
COMMIT = "0123456789abcdef"


def make_job(out, row="all", seed=0):
    return Job(row, seed, out, out / "records", (f"training.seed={seed}",))


class FakeProcesses:
    """Writes what training and evaluation leave, without either."""

    def __init__(self, auc=lambda row, seed: 0.5, fails=()):
        self.commands = []
        self._auc = auc
        self._fails = set(fails)

    def __call__(self, command, log, now_and_then):
        self.commands.append(command)
        now_and_then()
        run = Path(command[command.index("--run") + 1])
        row, seed = run.name.split("-seed")
        stage = command[2].removeprefix("fakeloc_tf.")
        if (run.name, stage) in self._fails:
            return 1
        if stage == "train":
            resolved = resolve(row, (f"training.seed={seed}",))
            config.dump(resolved, run / "config.yaml")
            (run / "versions.json").write_text(json.dumps({"git": COMMIT}))
            return 0
        results = Path(command[command.index("--out") + 1])
        results.mkdir(parents=True)
        auc = self._auc(row, int(seed))
        metrics = {"frame_auc": auc, "iou_image_fakes": auc - 0.1}
        metrics["frame_accuracy_at_validation_threshold"] = auc - 0.2
        metrics |= {"fixed_mask_iou_image_fakes": 0.6, "gain_iou_image_fakes": 0.1}
        (results / "metrics.json").write_text(json.dumps(metrics))
        return 0

    @property
    def stages(self):
        return [
            f"{c[2].removeprefix('fakeloc_tf.')} {Path(c[4]).name}"
            for c in self.commands
        ]


def make_crops(folder, parts):
    """Crops of one colour and their pairs."""
    rows = ["fake,real,mask,dfdc_part"]
    for part in parts:
        for kind, shape in (("real", (64, 64, 3)), ("fake", (64, 64, 3))):
            picture = np.full(shape, part, np.uint8)
            write_png(folder / kind / f"{kind}{part}.png", picture)
        mask = np.zeros((64, 64), np.uint8)
        mask[:32] = 255
        write_png(folder / "masks" / f"fake{part}.png", mask)
        rows.append(f"fake{part}.png,real{part}.png,fake{part}.png,{part}")
    (folder / "pairs.csv").write_text("\n".join(rows) + "\n")


@pytest.mark.parametrize(
    ("part", "split"),
    [(0, "train"), (24, "train"), (25, "val"), (29, "val"), (30, "test")],
)
def test_whole_parts_make_the_splits(part, split):
    assert study.split_of_part(part) == split


def test_both_pictures_of_a_pair_go_to_the_split_of_the_part(tmp_path):
    make_crops(tmp_path, (3, 26))
    assert set(study.identities(tmp_path)) == {
        ("real/real3.png", "dfdc_part_03", "train"),
        ("fake/fake3.png", "dfdc_part_03", "train"),
        ("real/real26.png", "dfdc_part_26", "val"),
        ("fake/fake26.png", "dfdc_part_26", "val"),
    }


def test_a_picture_without_a_pair_is_refused(tmp_path):
    make_crops(tmp_path, (3,))
    (tmp_path / "real" / "stray.png").write_bytes(b"")
    with pytest.raises(FakelocError, match=r"pairs.csv does not name real/stray.png"):
        study.identities(tmp_path)


def test_a_real_face_in_two_parts_is_refused(tmp_path):
    make_crops(tmp_path, (3,))
    with (tmp_path / "pairs.csv").open("a", newline="") as file:
        csv.writer(file).writerow(("fake3.png", "real3.png", "fake3.png", 30))
    with pytest.raises(FakelocError, match="in two parts"):
        study.identities(tmp_path)


def test_prepare_keeps_every_crop_whole(tmp_path):
    crops, records = tmp_path / "crops", tmp_path / "records"
    # One colour: a search for faces would leave all of them out.
    make_crops(crops, (0, 1, 27, 33))
    call = ["prepare", "--input", str(crops), "--out", str(records)]
    assert study.main(call) == 0
    info = dataset_info(records)
    assert info["crop"] == "none"
    assert info["counts"]["train"] == {"pristine": 2, "fake": 2}
    assert info["counts"]["val"] == info["counts"]["test"] == {"pristine": 1, "fake": 1}


def test_all_rows_come_before_the_next_seed(tmp_path, monkeypatch):
    records = tmp_path / "records"
    records.mkdir()
    counts = {split: {"pristine": 2, "fake": 3} for split in ("train", "val", "test")}
    info = {"name": "crops", "counts": counts}
    (records / "dataset.json").write_text(json.dumps(info))
    seen = []
    monkeypatch.setattr(study_runs, "run_jobs", lambda jobs, *_: seen.extend(jobs))
    call = ["run", "--data", str(records), "--out", str(tmp_path / "runs")]
    call += ["--rows", "xception,all", "--seeds", "0,3", "--epochs", "2,5"]
    assert study.main([*call, "--set", "model.image_size=96"]) == 0
    names = ["xception-seed0", "all-seed0", "xception-seed3", "all-seed3"]
    assert [job.name for job in seen] == names
    resolved = resolve("xception", seen[2].overrides)
    assert resolved.training.seed == 3
    assert resolved.model.image_size == 96
    assert resolved.training.step2.epochs == 7
    assert resolved.data.records == str(records)
    note = json.loads((tmp_path / "runs" / "study.json").read_text())
    assert note["faces"] == {"train": 5, "val": 5, "test": 5}
    assert str(tmp_path) not in note["command"]
    told = shlex.split(note["command"])
    assert told[-2:] == ["--set", "model.image_size=96"]
    assert told[told.index("--seeds") + 1] == "0,3"


@pytest.mark.parametrize(
    ("option", "value"),
    [("--rows", "xception,every"), ("--seeds", "0;1"), ("--epochs", "5")],
)
def test_a_wrong_option_is_named(tmp_path, option, value, capsys):
    (tmp_path / "dataset.json").write_text("{}")
    call = ["run", "--data", str(tmp_path), "--out", str(tmp_path / "runs")]
    assert study.main([*call, option, value]) == 2
    assert option in capsys.readouterr().err


def test_a_finished_job_is_skipped_and_a_started_one_resumed(tmp_path):
    jobs = [make_job(tmp_path, seed=seed) for seed in (0, 1)]
    first = FakeProcesses(fails={("all-seed1", "evaluate")})
    assert run_jobs(jobs, SILENT, first) == ["all-seed1"]
    again = FakeProcesses()
    assert run_jobs(jobs, SILENT, again) == []
    assert again.stages == ["evaluate all-seed1"]
    assert run_jobs(jobs, SILENT, last := FakeProcesses()) == []
    assert last.commands == []


def test_training_that_was_stopped_is_resumed(tmp_path):
    job = make_job(tmp_path)
    assert "--resume" not in job.command("train")
    job.run.mkdir()
    (job.run / "config.yaml").write_text("")
    assert "--resume" in job.command("train")


def test_a_failure_does_not_stop_the_jobs_after_it(tmp_path):
    jobs = [make_job(tmp_path, row) for row in ("xception", "noise")]
    processes = FakeProcesses(fails={("xception-seed0", "train")})
    assert run_jobs(jobs, SILENT, processes) == ["xception-seed0"]
    wanted = ["train xception-seed0", "train noise-seed0", "evaluate noise-seed0"]
    assert processes.stages == wanted


def test_a_run_with_other_settings_is_refused(tmp_path):
    job = make_job(tmp_path)
    run_jobs([job], SILENT, FakeProcesses())
    check_jobs([job])
    other = Job("all", 0, tmp_path, job.data, ("training.seed=0", "loss.mask=2.0"))
    with pytest.raises(FakelocError, match="other settings"):
        check_jobs([other])


def test_time_left_is_that_of_the_finished_jobs(tmp_path):
    jobs = [make_job(tmp_path, seed=seed) for seed in (0, 1, 2)]
    for job, seconds in zip(jobs[:2], (1800, 5400), strict=True):
        note = Note(job)
        note.spend("train", seconds)
        if job is jobs[0]:
            note.finish("train")
            note.finish("evaluate")
    assert time_left(jobs[1:]) == "2 left, about 1.0 hours"
    assert time_left(jobs[:1]) == "none left"


def test_time_adds_up_over_sessions(tmp_path):
    for seconds in (10, 20):
        Note(make_job(tmp_path)).spend("train", seconds)
    assert Note(make_job(tmp_path)).seconds == 30


def test_processes_are_logged_and_nobody_else_works_there(tmp_path, monkeypatch):
    monkeypatch.setattr(study_runs, "LOOK_EVERY", 0.05)
    looks = []
    with launcher(tmp_path) as launch:
        command = ["bash", "-c", "echo out; echo err >&2; sleep 0.3; exit 3"]
        log = tmp_path / "logs" / "a.log"
        assert launch(command, log, lambda: looks.append(1)) == 3
        assert launch(["true"], log, lambda: None) == 0
        with pytest.raises(FakelocError, match="another process"):
            with launcher(tmp_path):
                pass
    lines = log.read_text().splitlines()
    assert lines[1:] == ["out", "err", "$ true"]
    assert looks


def finish_study(out, auc, seeds=(0, 1), rows=tuple(ROWS)):
    jobs = [make_job(out, row, seed) for seed in seeds for row in rows]
    run_jobs(jobs, SILENT, FakeProcesses(auc))
    for job in jobs:
        Note(job).spend("train", 1800)
    faces = {"train": 1970, "val": 550, "test": 480}
    study_note = {"dataset": "crops", "faces": faces, "command": "python study"}
    study_note |= {"rows": list(ROWS), "seeds": [0, 1]}
    (out / "study.json").write_text(json.dumps(study_note))


def rising(row, seed):
    """Each row a tenth above the one before it; seeds 0.02 apart."""
    return 0.4 + 0.1 * list(ROWS).index(row) + 0.02 * seed


def test_tables_have_mean_spread_and_dashes(tmp_path):
    finish_study(tmp_path, rising)
    text = write(tmp_path, tmp_path / "tables")
    assert (
        "| Xception | 2 | 0.410 (0.400 to 0.420) | 0.210 (0.200 to 0.220) | –" in text
    )
    full = "| 2 | 0.710 (0.700 to 0.720) | 0.510 (0.500 to 0.520) | 0.610"
    assert text.count(f"{ROWS['all']} {full}") == 2
    assert "Unfinished" not in text
    assert "12 runs in 6.0 hours" in " ".join(text.split())
    assert "3,000 face crops of DFDC" in " ".join(text.split())
    assert "160 pixels, 5 passes" in " ".join(text.split())
    assert COMMIT[:10] in text
    rows = pd.read_csv(tmp_path / "tables" / "study.csv", index_col="row")
    assert list(rows.index) == list(ROWS)
    assert rows.loc["all", "frame_auc_std"] == pytest.approx(0.02 / 2**0.5, abs=1e-5)
    assert rows.loc["noise", "iou_image_fakes_mean"] != rows.loc["all"].iloc[0]
    assert pd.isna(rows.loc["noise", "iou_image_fakes_mean"])
    assert len(pd.read_csv(tmp_path / "tables" / "study_runs.csv")) == 12


def test_an_order_that_holds_is_said_to_hold(tmp_path):
    finish_study(tmp_path, rising)
    text = write(tmp_path, tmp_path)
    line = next(line for line in text.splitlines() if "Order by AUC" in line)
    assert "holds in the means; 3 of its 3 steps exceed the spread" in line
    assert "Xception → Xception + noise: AUC +0.100, more than the spread" in text


def test_an_order_that_does_not_hold_is_said_not_to(tmp_path):
    # The first two rows' seeds overlap; `semantic` falls clearly below `noise`.
    aucs = {"xception": (0.60, 0.70), "noise": (0.65, 0.75), "semantic": (0.5, 0.55)}
    finish_study(tmp_path, lambda row, seed: aucs.get(row, (0.8, 0.9))[seed])
    text = write(tmp_path, tmp_path)
    line = next(line for line in text.splitlines() if "Order by AUC" in line)
    assert "does not hold in the means; 1 of its 3 steps exceed the spread" in line
    assert "Xception → Xception + noise: AUC +0.050, within the spread" in text
    assert "Xception + segmentation: AUC -0.125, more than the spread" in text


def test_an_unfinished_study_decides_nothing(tmp_path):
    finish_study(tmp_path, rising, seeds=(0,), rows=("xception", "noise"))
    text = write(tmp_path, tmp_path)
    assert "**Unfinished: 2 of 12 runs.**" in " ".join(text.split())
    assert text.count("not decided, rows are missing") == 3
    assert "AUC +0.100, the spread over seeds is not known" in text


def test_runs_with_different_budgets_are_not_compared(tmp_path):
    finish_study(tmp_path, rising, seeds=(0,), rows=("xception", "all"))
    longer = resolve("all", ("training.step2.epochs=9",))
    config.dump(longer, tmp_path / "all-seed0" / "config.yaml")
    with pytest.raises(FakelocError, match=r"passes \[5, 10\]"):
        collect(tmp_path)


def test_a_table_without_runs_says_what_to_do(tmp_path, capsys):
    assert study.main(["table", "--out", str(tmp_path)]) == 2
    assert "study.py run" in capsys.readouterr().err


def test_localisation_of_a_row_without_semantic_heads_is_left_out(tmp_path):
    finish_study(tmp_path, rising, seeds=(0,))
    runs = collect(tmp_path).set_index("row")
    assert runs["iou_image_fakes"].isna().to_dict() == {
        row: row in ("xception", "noise") for row in ROWS
    }
    assert set(runs.index) == {row for rows in TABLES.values() for row in rows}
