"""What an evaluation refuses, allows and writes down; on a toy peer, by commands."""

import hashlib
import json
import shutil

import pytest
import synthetic

from fakeloc_tf import config as configuration
from fakeloc_tf import evaluate, export, train
from fakeloc_tf.data.people import people_of, person
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.protocol import Allowed, check_protocol
from fakeloc_tf.files import file_sha256
from fakeloc_tf.models.calibration import Calibration, Errors, write_calibration
from fakeloc_tf.training import provenance

# Begins with nothing that is shipped.
SCRATCH = "--config=configs/scratch.yaml"
TOY = (
    "model.backbone.name=MesoNet4",
    "model.backbone.weights=none",
    "model.heads=[]",
    "model.image_size=64",
    "training.batch_size=8",
    "training.step2.epochs=1",
    "data.demo=false",
)
PEOPLE = {"train": ["000", "001"], "val": ["002"], "test": ["003", "004"]}


def edit(path, **changes):
    """Changes keys of a JSON file; None takes one out."""
    values = json.loads(path.read_text()) | changes
    path.write_text(json.dumps({k: v for k, v in values.items() if v is not None}))
    return path


def write_set(folder, name="ffpp_c23", people=PEOPLE, **prepare):
    """Records as of FF++, whose `dataset.json` names the people."""
    synthetic.write_records(folder)
    info = json.loads((folder / "dataset.json").read_text())
    changed = info["prepare"] | prepare
    edit(folder / "dataset.json", name=name, people=people, prepare=changed)
    return folder


def call(command, **options):
    """Exit status of a command; `allow_overlap=None` is an option without a value."""
    words = []
    for name, value in options.items():
        words.append("--" + name.replace("_", "-"))
        words += [] if value is None else [str(value)]
    return command.main(words)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    return write_set(tmp_path_factory.mktemp("data") / "records")


@pytest.fixture(scope="module")
def trained(records, tmp_path_factory):
    """MesoNet-4 by `fakeloc train`."""
    run = tmp_path_factory.mktemp("runs") / "toy"
    settings = [f"--set={toy}" for toy in TOY]
    assert train.main([SCRATCH, f"--run={run}", f"--data={records}", *settings]) == 0
    return run


@pytest.fixture
def run(trained, tmp_path):
    """A copy that a test may change."""
    for name in ("best.keras", "config.yaml", "metrics.json", provenance.FILE):
        (tmp_path / "run").mkdir(exist_ok=True)
        shutil.copy(trained / name, tmp_path / "run")
    return tmp_path / "run"


def check(run, records, split="test", **allowed):
    config = configuration.load(run / "config.yaml")
    metrics = json.loads((run / "metrics.json").read_text())
    return check_protocol(run, config, metrics, records, split, Allowed(**allowed))


def test_a_run_says_what_it_has_seen(trained, records):
    seen = provenance.read_provenance(trained)

    assert seen.people("train") == {"ffpp/000", "ffpp/001"}
    assert seen.people("val") == {"ffpp/002"}
    # What the records are, not what the config believes: its crops are of 299 pixels.
    assert seen.preparation["crop_size"] == 72
    metrics = json.loads((trained / "metrics.json").read_text())
    assert metrics["chosen_on"] == provenance.chosen_on(records, "val")
    assert set(metrics["sha256"]["records"]) == {"train", "val"}


def test_the_test_split_is_evaluated_and_the_numbers_carry_hashes(
    trained, records, tmp_path
):
    assert call(evaluate, run=trained, data=records, out=tmp_path) == 0

    metrics = json.loads((tmp_path / "metrics.json").read_text())
    found, sha256 = metrics["protocol"], metrics["sha256"]
    assert found["optimistic"] is False and found["other_preparation"] == {}
    assert found["people"] == {
        "known": True,
        "in_split": 2,
        "shared_with_training": 0,
        "shared_with_validation": 0,
    }
    assert found["chosen_on"]["threshold"]["split"] == "val"
    for name, file in (("model", "best.keras"), ("config", "config.yaml")):
        wanted = hashlib.sha256((trained / file).read_bytes()).hexdigest()
        assert sha256[name] == wanted
    assert list(sha256["records"]) == ["test"]
    assert metrics["frame_auc"] is not None
    # A peer says real or fake, and does not locate.
    assert metrics["iou_image_fakes"] is None


def test_the_training_split_is_evaluated_on_purpose_only(
    trained, records, tmp_path, capsys
):
    options = {"run": trained, "data": records, "split": "train", "out": tmp_path}
    assert call(evaluate, **options) == 2
    said = capsys.readouterr().err
    assert "2 of 2 people of the split 'train'" in said and "--allow-overlap" in said
    assert "ffpp/000, ffpp/001" in said
    assert not any(tmp_path.iterdir())

    assert call(evaluate, **options, allow_overlap=None) == 0
    found = json.loads((tmp_path / "metrics.json").read_text())["protocol"]
    assert found["people"]["shared_with_training"] == 2
    assert found["optimistic"] is True


def test_validation_is_optimistic_and_needs_no_option(run, records):
    assert check(run, records, "val")["protocol"]["optimistic"] is True


def test_people_of_another_quality_are_the_same(run, tmp_path):
    c40 = write_set(tmp_path / "c40", "FFpp-c40", PEOPLE | {"test": ["001", "004"]})
    with pytest.raises(FakelocError, match=r"1 of 2 people.*: ffpp/001\. Eval"):
        check(run, c40)
    # Those of the validation do not train, but chose the checkpoint.
    assert check(run, c40, "val")["protocol"]["optimistic"] is True
    other = write_set(tmp_path / "other", "celebdf", PEOPLE | {"test": ["000", "001"]})
    assert check(run, other)["protocol"]["optimistic"] is False
    assert person("demo_c23", "a") == person("demo_raw", "a") != person("demo", "b")
    assert person("c40", "a") == "c40/a"


def test_many_people_are_counted_and_some_named(run, tmp_path):
    seen = json.loads((run / provenance.FILE).read_text())
    many = [f"{number:03}" for number in range(9)]
    seen["own"][0]["people"] = [person("ffpp", name) for name in many]
    edit(run / provenance.FILE, own=seen["own"])
    data = write_set(tmp_path / "data", people={"test": many})

    with pytest.raises(FakelocError, match="9 of 9 .*ffpp/004 and 4 more"):
        check(run, data)


def test_an_old_run_is_evaluated_and_says_that_nothing_is_known(run, records, caplog):
    (run / provenance.FILE).unlink()
    edit(run / "metrics.json", chosen_on=None)

    # Its crops are not known either, and the config's size of crops was never checked.
    found = check(run, records, "train")["protocol"]
    assert found["people"]["known"] is False and found["optimistic"] is None
    assert found["chosen_on"] == {"checkpoint": None, "threshold": None}
    assert "does not say on whom it was trained" in caplog.text


def calibration_of(run, choice):
    errors = Errors(nll=0.5, ece=0.1, brier=0.2)
    return Calibration(
        temperature=1.5,
        at_bound=False,
        validation_threshold=0.5,
        fpr=None,
        split=choice["split"],
        dataset="toy",
        records_sha256=choice["records_sha256"],
        model_sha256=file_sha256(run / "best.keras"),
        faces=8,
        reals=4,
        real_videos=4,
        fake_share=0.5,
        before=errors,
        after=errors,
    )


@pytest.mark.parametrize("file", ["metrics.json", "calibration.json"])
def test_what_was_chosen_on_test_is_refused(run, records, tmp_path, file):
    choice = provenance.chosen_on(records, "test")
    if file == "metrics.json":
        edit(run / file, chosen_on=choice)
    else:
        write_calibration(calibration_of(run, choice), run)

    word = "checkpoint" if file == "metrics.json" else "threshold"
    with pytest.raises(FakelocError, match=f"{word} was chosen on the test split"):
        check(run, records)
    # Nor another test: the same people may be in it.
    with pytest.raises(FakelocError, match=f"{word} was chosen on the test split"):
        check(run, write_set(tmp_path / "other", "celebdf"))
    assert check(run, records, "val")["protocol"]["optimistic"] is True


def test_a_broken_calibration_is_refused(run, records):
    (run / "calibration.json").write_text("{}")
    with pytest.raises(FakelocError, match="calibration.json cannot be read"):
        check(run, records)


@pytest.mark.parametrize(
    ("key", "value"), [("margin", 1.8), ("crop_size", 96), ("sigma", 10.0)]
)
def test_another_preparation_is_refused_and_can_be_allowed(run, tmp_path, key, value):
    data = write_set(tmp_path / "data", **{key: value})

    with pytest.raises(FakelocError, match=rf"{key}={value}.*--allow-other-prep"):
        check(run, data)
    with pytest.raises(FakelocError, match=key):
        check(run, data, overlap=True)
    found = check(run, data, preparation=True)["protocol"]["other_preparation"]
    assert list(found) == [key] and found[key][1] == value


def test_pictures_that_are_crops_are_told_from_detected_faces(run, tmp_path, capsys):
    data = write_set(tmp_path / "data")
    edit(data / "dataset.json", crop="none")
    # A run of records that do not say it can be tested on any.
    check(run, data)
    seen = json.loads((run / provenance.FILE).read_text())["preparation"]
    edit(run / provenance.FILE, preparation=seen | {"crop": "detect"})
    options = {"run": run, "data": data, "out": tmp_path / "out"}

    assert call(evaluate, **options) == 2
    assert "crop=none, but the run" in capsys.readouterr().err
    assert call(evaluate, **options, allow_other_preparation=None) == 0
    written = json.loads((tmp_path / "out" / "metrics.json").read_text())
    assert written["protocol"]["other_preparation"] == {"crop": ["detect", "none"]}


def test_hashes_follow_the_files(run, records, tmp_path):
    data = tmp_path / "data"
    shutil.copytree(records, data)
    before = check(run, data)["sha256"]

    def changed():
        after = check(run, data)["sha256"]
        return {name for name in before if after[name] != before[name]}

    assert changed() == set()
    with (run / "best.keras").open("ab") as file:
        file.write(b"!")
    assert changed() == {"model"}
    shard = next(data.glob("test-*"))
    shard.write_bytes(shard.read_bytes() + shard.read_bytes())
    assert changed() == {"model", "records"}
    text = (run / "config.yaml").read_text().replace("seed: 0", "seed: 1")
    (run / "config.yaml").write_text(text)
    assert changed() == {"model", "records", "config"}


def test_people_are_read_from_records_that_do_not_list_them(tmp_path):
    data = synthetic.write_records(tmp_path, {"train": 9, "val": 4})

    assert people_of(data, "train") == [f"synthetic/train{n}" for n in range(3)]
    assert people_of(data, "val") == ["synthetic/val0"]


def test_a_run_does_not_go_on_with_other_records(run, tmp_path):
    data = write_set(tmp_path / "data", people=PEOPLE | {"train": ["003"]})
    config = configuration.load(run / "config.yaml", (f"data.records={data}",))

    with pytest.raises(FakelocError, match="no longer what"):
        provenance.provenance_of(config, run)


def test_people_of_a_step_1_from_elsewhere_count(run, records, tmp_path):
    data = write_set(tmp_path / "data", people={"train": ["100"], "val": ["200"]})
    start = (f"data.records={data}", f"training.step1_from={run}/step1.keras")
    config = configuration.load(run / "config.yaml", start)

    seen = provenance.provenance_of(config, tmp_path)
    assert seen.people("train") == {"ffpp/100", "ffpp/000", "ffpp/001"}
    assert not seen.step1_unknown
    (run / provenance.FILE).unlink()
    seen = provenance.provenance_of(config, tmp_path)
    assert seen.people("train") == {"ffpp/100"} and seen.step1_unknown
    provenance.write_provenance(seen, run)
    found = check(run, records)["protocol"]
    assert found["people"]["known"] is False and found["optimistic"] is None


def test_a_peer_that_cannot_have_its_heads_leaves_no_run(records, tmp_path, capsys):
    settings = [f"--set={toy}" for toy in TOY if "heads" not in toy]
    run = tmp_path / "run"
    assert train.main([SCRATCH, f"--run={run}", f"--data={records}", *settings]) == 2
    assert "MesoNet4 has no taps" in capsys.readouterr().err
    assert not run.exists()


def test_a_peer_is_not_exported(trained, tmp_path, capsys):
    assert call(export, run=trained, out=tmp_path / "1") == 2
    assert "has no semantic heads" in capsys.readouterr().err
