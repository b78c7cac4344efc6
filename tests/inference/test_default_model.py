"""What each verb takes that is given no model: the shipped one, its files checked."""

import json

import pytest
import toy_run

from fakeloc_tf import (
    Detector,
    calibrate,
    cli,
    detect,
    evaluate,
    export,
    list_models,
    robustness,
    serve,
    shipped,
    train,
    ui,
)
from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.inference.loading import find_model
from fakeloc_tf.training.plan import make_plans
from fakeloc_tf.training.run_folder import RunFolder
from pipelines import score as pipelines_score

PORTRAIT = next(p for p in load_portraits() if p.identity == "B001248").path
NAME = shipped.DEFAULT


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A toy run in the place of the shipped models."""
    root = tmp_path_factory.mktemp("installed") / "fakeloc_tf" / "models" / "shipped"
    run = toy_run.make_run(root / NAME, f"name={NAME}")
    (run / shipped.PACKAGED).write_text(json.dumps({"purpose": "a [b]toy[/b]"}))
    (run / shipped.CARD).write_text("the card")
    shipped.write_sums(run)
    return root


@pytest.fixture
def whole(installed, monkeypatch):
    monkeypatch.setattr(shipped, "ROOT", installed)
    return installed / NAME


@pytest.fixture
def damaged(whole):
    """The same with one file that was changed, which is put back after the test."""
    path = whole / "metrics.json"
    before = path.read_bytes()
    path.write_text('{"validation_threshold": 0.9}')
    yield whole
    path.write_bytes(before)


CALLS = {
    "detect": (detect, [PORTRAIT, "--json"]),
    "ui": (ui, []),
    "serve": (serve, []),
    "export": (export, ["--out", "exports/x"]),
    "evaluate": (evaluate, ["--data", "records"]),
    "robustness": (robustness, ["--data", "records"]),
    "pipelines.score": (pipelines_score, ["--input", PORTRAIT, "--out", "scores"]),
}


@pytest.mark.parametrize("verb", CALLS)
@pytest.mark.parametrize("option", ["none", "name"])
def test_the_verb_takes_it_and_it_is_checked(
    damaged, verb, option, tmp_path, monkeypatch, capsys
):
    """It stops at the damaged file, before anything is loaded."""
    monkeypatch.chdir(tmp_path)
    module, arguments = CALLS[verb]
    word = "--run" if module in (export, evaluate, robustness) else "--model"
    arguments = [*arguments, *([] if option == "none" else [word, NAME])]
    assert module.main(list(map(str, arguments))) == 2
    said = capsys.readouterr().err
    assert f"the shipped model {NAME}: {damaged / 'metrics.json'} was changed" in said


def test_detect_needs_no_option_and_names_the_model(
    whole, tmp_path, monkeypatch, capsys
):
    monkeypatch.chdir(tmp_path)
    assert detect.main([str(PORTRAIT)]) == 0
    out = tmp_path / "fakeloc_out"
    model = json.loads((out / "call.json").read_text())["model"]
    card = f"fakeloc_tf/models/shipped/{NAME}/MODEL_CARD.md"
    assert (model["path"], model["name"], model["card"]) == (NAME, NAME, card)
    page = (out / "report.html").read_text()
    assert f"<code>{card}</code>" in page
    # By its name it is the same model: the results go on.
    assert detect.main([str(PORTRAIT), "--model", NAME]) == 0
    assert "1 of 1 files were done before" in capsys.readouterr().err


def test_another_model_has_no_card(whole, tmp_path):
    run = toy_run.make_run(tmp_path / "run")
    out = tmp_path / "out"
    assert detect.main([str(PORTRAIT), "--model", str(run), "--out", str(out)]) == 0
    assert "card" not in json.loads((out / "call.json").read_text())["model"]
    assert "MODEL_CARD" not in (out / "report.html").read_text()


def test_in_python(whole):
    detector = Detector()
    assert detector.info.name == NAME
    assert find_model().path == whole / "best.keras"


def test_its_calibration_is_not_replaced(whole, capsys):
    for run in (NAME, str(whole)):
        assert calibrate.main(["--run", run, "--data", "records"]) == 2
        assert f"cp -r {whole} runs/mine" in capsys.readouterr().err
    assert shipped.checked(None) == whole


def test_step_2_can_begin_with_it(whole, tmp_path):
    from fakeloc_tf import config

    for given in (NAME, str(whole), str(whole / "best.keras")):
        change = f"training.step1_from={given}"
        resolved = config.load("configs/demo.yaml", (change,))
        (plan,) = make_plans(resolved, RunFolder(tmp_path))
        assert plan.name == "step2"
        assert plan.start == whole / "best.keras"


def test_training_does_not_begin_with_a_damaged_one(damaged, tmp_path, capsys):
    call = [f"--run={tmp_path / 'run'}", "--set=data.demo=false", "--data=records"]
    assert train.main([*call, f"--step1-from={NAME}"]) == 2
    assert "records holds no prepared data set" in capsys.readouterr().err
    with pytest.raises(ValueError, match="metrics.json was changed"):
        from fakeloc_tf import config

        make_plans(config.load("configs/demo.yaml"), RunFolder(tmp_path))


def test_models_lists_it_and_the_runs_of_a_folder(whole, tmp_path, capsys):
    toy_run.make_run(tmp_path / "runs" / "mine")
    assert cli.main(["models", str(tmp_path / "runs"), "--json"]) == 0
    first, second = json.loads(capsys.readouterr().out)
    assert (first["name"], first["default"], first["shipped"]) == (NAME, True, True)
    assert first["card"] == str(whole / shipped.CARD)
    assert first["image_size"] == 64
    size = (whole / "best.keras").stat().st_size / 1e6
    assert first["megabytes"] == pytest.approx(size, abs=0.06)
    assert second["name"] == str(tmp_path / "runs" / "mine")
    assert (second["shipped"], second["card"], second["purpose"]) == (False, None, None)


def test_models_as_a_table(whole, monkeypatch, capsys):
    # Else the columns are broken into lines.
    monkeypatch.setenv("COLUMNS", "200")
    assert list_models.main([]) == 0
    said = capsys.readouterr().out
    assert f"{NAME} (default)" in said and "64 px" in said
    assert f"{NAME}: a [b]toy[/b]" in said
    assert f"its card is {whole / shipped.CARD}" in said


def test_models_says_what_is_damaged(damaged, monkeypatch, capsys):
    monkeypatch.setenv("COLUMNS", "200")
    assert list_models.main([]) == 1
    said = capsys.readouterr().out
    assert "missing or damaged" in said and "metrics.json was changed" in said


def test_models_without_weights_or_runs(whole, tmp_path, monkeypatch, capsys):
    assert list_models.main([str(tmp_path)]) == 2
    assert "holds no run" in capsys.readouterr().err
    monkeypatch.setattr(shipped, "ROOT", tmp_path)
    assert list_models.main(["--json"]) == 1
    (model,) = json.loads(capsys.readouterr().out)
    assert "best.keras is missing in this installation" in model["fault"]
