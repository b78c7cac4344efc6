"""How the shipped detector comes about: its records, its tries, its one look."""

import json
from collections import Counter

import numpy as np
import pytest
import shipped
import shipped_prepare
from shipped_look import MARKER, check_looks, note_look
from shipped_tries import collect, tries

from fakeloc_tf import config
from fakeloc_tf.data import dataset
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.images import write_png


@pytest.fixture
def crops(tmp_path):
    """A pair of crops of each of three parts, as `pairs.csv` lists them."""
    folder = tmp_path / "crops"
    lines = ["fake,real,mask,dfdc_part"]
    for part in (3, 21, 30):
        image = np.full((32, 32, 3), 4 * part, np.uint8)
        mask = np.zeros((32, 32), np.uint8)
        mask[8:20, 8:20] = 255
        names = {
            "fake": f"f{part}.png",
            "real": f"r{part}.png",
            "masks": f"f{part}.png",
        }
        for kind, name in names.items():
            (folder / kind).mkdir(parents=True, exist_ok=True)
            write_png(folder / kind / name, mask if kind == "masks" else image)
        lines.append(f"f{part}.png,r{part}.png,f{part}.png,{part}")
    (folder / "pairs.csv").write_text("\n".join(lines))
    return folder


def test_tuning_splits_by_parts(crops, tmp_path):
    out = tmp_path / "records"
    assert shipped.main(["tuning", "--dfdc", str(crops), "--out", str(out)]) == 0
    for split, part in (("train", 3), ("val", 21), ("test", 30)):
        faces = list(dataset.load_split(out, split))
        assert Counter(int(face["label"]) for face in faces) == {0: 1, 1: 1}
        assert {int(face["image"][0, 0, 0]) for face in faces} == {4 * part}


def test_tuning_is_measured_on_the_last_parts():
    splits = [shipped_prepare.tuning_split(p) for p in range(shipped_prepare.PARTS)]
    assert splits == ["train"] * 20 + ["val"] * 5 + ["test"] * 10
    assert list(shipped_prepare.tuning_test()) == list(range(25, 35))


def test_the_test_is_looked_at_once_by_all_runs(tmp_path):
    records, *runs = (tmp_path / name for name in ("records", "first", "second"))
    records.mkdir()
    for run in runs:
        run.mkdir()
        (run / "best.keras").write_bytes(run.name.encode())
    (records / "dataset.json").write_text("{}")
    (records / "test-00000-of-00001.tfrecord").write_bytes(b"faces")
    check_looks(records, again=False)
    assert note_look(runs[0], records, "2026-11-28") == 1
    with pytest.raises(FakelocError, match=r"2026-11-28.*--again"):
        check_looks(records, again=False)
    check_looks(records, again=True)
    assert note_look(runs[1], records, "2026-11-29") == 2
    looks = json.loads((records / MARKER).read_text())
    assert [look["date"] for look in looks] == ["2026-11-28", "2026-11-29"]
    assert looks[0]["model_sha256"] != looks[1]["model_sha256"]


def make_try(folder, metrics, *overrides):
    folder.mkdir()
    config.dump(config.load(None, overrides), folder / "config.yaml")
    versions = {"git": "0123456789abcdef-modified"}
    (folder / "versions.json").write_text(json.dumps(versions))
    if metrics:
        (folder / "metrics.json").write_text(json.dumps(metrics))
    return folder


def test_tries_have_the_settings_that_differ(tmp_path, capsys):
    same = ("model.backbone.weights=/home/somebody/w.h5", "optimizer.clip_norm=1.0")
    first = make_try(
        tmp_path / "a", {"val_auc": 0.71, "val_iou": 0.5}, *same, "data.records=/x/a"
    )
    second = make_try(
        tmp_path / "b", None, *same, "data.records=/x/b", "model.image_size=224"
    )
    table = collect([first, second]).set_index("name")
    assert table.loc["b", "tried"] == "model.image_size=224"
    assert table.loc["a", "val_auc"] == 0.71
    assert np.isnan(table.loc["b", "val_auc"])
    assert set(table["commit"]) == {"0123456789"}
    assert list(table["outcome"]) == ["finished", "not finished"]
    assert tries([first, second]) == 0
    printed = capsys.readouterr().out
    assert printed.splitlines()[0].startswith("name,commit,tried,val_auc")
    assert "somebody" not in printed


def test_a_folder_without_a_run_is_named(tmp_path):
    with pytest.raises(FakelocError, match=r"config\.yaml is missing"):
        collect([tmp_path])
