"""The report of a toy run and its card, by the commands."""

import json
import re

import pytest
import shipped
import synthetic
import toy_run
from shipped_card import interval, percent, render, tuning
from shipped_look import MARKER
from shipped_report import FAILURES, FIGURES
from shipped_tries import collect

from fakeloc_tf.data.portraits import FOLDER, load_portraits
from fakeloc_tf.errors import FakelocError

SECTIONS = (
    *("What it is", "Intended use", "Misuse", "Data and provenance"),
    *("How the fakes are made", "Goals", "Figures", "Known failures"),
    *("What was tried", "Fine-tuning on own data", "Licences", "How it was made"),
)


@pytest.fixture(scope="module")
def looked_at(tmp_path_factory):
    """A toy run that the final look was taken of: (run, records, folder)."""
    base = tmp_path_factory.mktemp("shipped_card")
    records = synthetic.write_records(base / "records")
    run = toy_run.make_run(base / "run", f"data.records={records}")
    (run / "versions.json").write_text(json.dumps({"git": "0123456789abcdef"}))
    call = ["report", "--run", str(run), "--records", str(records), "--limit", "4"]
    call += ["--made", "4", "--workers", "1", "--out", str(base / "out")]
    assert shipped.main([*call, "--portraits", str(demo_folder(base))]) == 0
    return run, records, base / "out"


def demo_folder(base):
    """The demo's portraits as a folder of `load_pool`, with one person of the test."""
    folder = base / "portraits"
    (folder / "portraits").mkdir(parents=True)
    chosen = {p.path.name for p in load_portraits() if p.split == "train"}
    chosen = sorted(chosen)[:2]
    chosen += [next(p.path.name for p in load_portraits() if p.split == "test")]
    for name in chosen:
        (folder / "portraits" / name).symlink_to(FOLDER / "portraits" / name)
    for table in ("index.csv", "landmarks.csv"):
        head, *lines = (FOLDER / table).read_text().splitlines()
        kept = [line for line in lines if any(name in line for name in chosen)]
        (folder / table).write_text("\n".join([head, *kept]) + "\n")
    return folder


@pytest.fixture(scope="module")
def figures(looked_at):
    return json.loads((looked_at[2] / FIGURES).read_text())


@pytest.fixture(scope="module")
def text(looked_at, figures):
    return render(figures, collect([looked_at[0]]), None, FAILURES)


def test_the_look_is_noted_and_a_second_refused(looked_at, capsys):
    run, records, out = looked_at
    assert len(json.loads((records / MARKER).read_text())) == 1
    call = ["report", "--run", str(run), "--records", str(records)]
    assert shipped.main([*call, "--out", str(out / "second")]) == 2
    assert "--again" in capsys.readouterr().err
    assert not (out / "second").exists()


def test_figures_are_of_the_test_split(figures):
    whole = figures["dfdc"]
    assert (whole["split"], whole["reals"], whole["fakes"]) == ("test", 4, 4)
    assert whole["threshold"] == toy_run.THRESHOLD
    assert figures["facts"]["looks"] == 1
    assert {row["condition"] for row in figures["damaged"]} == {
        "untouched",
        "JPEG, quality (4:2:0)",
        "H.264, CRF (x264, one key frame)",
        "Down- and up-scaling, factor (linear, bicubic)",
    }
    assert figures["portraits"]["files"] == 1
    assert 0 < whole["validation_mask_iou"]["value"] < 1


def test_made_faces_are_of_the_tests_people(figures, looked_at):
    made = figures["made"]
    assert (made["reals"], made["fakes"]) == (4, 4)
    test = {p.path.name for p in load_portraits() if p.split == "test"}
    rows = [row for kind in made["worst"].values() for row in kind]
    assert {row["portrait"] for row in rows} <= test
    scores = [row["probability"] for row in made["worst"]["real"]]
    assert scores == sorted(scores, reverse=True)
    assert (looked_at[2] / FAILURES).read_bytes().startswith(b"\x89PNG")


def test_the_card_has_every_section_and_no_hole(text, looked_at):
    heads = re.findall(r"^## (.*)$", text, re.MULTILINE)
    assert heads == list(SECTIONS)
    assert not re.search(r"\b(nan|None|inf|Undefined)\b", text)
    assert "{" not in text
    assert str(looked_at[0].parent) not in text
    for name in ("JPEG, quality", "H.264, CRF", "frame AUC", "0123456789"):
        assert name in text
    assert "They were looked at once" in " ".join(text.split())


def test_tables_are_whole(text):
    """Every row of a table has the cells of its head, and no blank line is inside."""
    for block in text.split("\n\n"):
        if block.startswith("|"):
            lines = block.splitlines()
            assert len({line.count("|") for line in lines}) == 1, block
            assert set(lines[1]) <= set("|:- "), block


def test_the_card_says_what_was_not_measured(text):
    flat = " ".join(text.split())
    assert "Real videos were not measured." in flat
    assert "size and strength were not measured" in flat
    assert "What it gains was not measured." in flat
    assert re.search(r"real videos, share called manipulated .* not measured", text)


def test_more_looks_and_rehearsals_are_told(figures, looked_at):
    tried = collect([looked_at[0]])
    again = figures | {"facts": figures["facts"] | {"looks": 3}}
    assert "**3 times**" in render(again, tried)
    val = figures | {"dfdc": figures["dfdc"] | {"split": "val"}}
    assert "A rehearsal" in render(val, tried)
    assert "A rehearsal" not in render(figures, tried)


def test_sittings_and_other_components_are_told(figures, looked_at):
    tried = collect([looked_at[0]])
    assert not figures["made"]["as_in_training"]
    for continued in (False, True):
        facts = figures["facts"] | {"continued": continued}
        made = figures["made"] | {"as_in_training": continued}
        text = render(figures | {"facts": facts, "made": made}, tried)
        flat = " ".join(text.split())
        assert ("the last of several sittings" in flat) == continued
        assert ("which are of these portraits here" in flat) != continued
        assert "\n    python tools/shipped.py prepare --dfdc" in text


def test_figures_that_lack_something_are_refused(figures, looked_at):
    less = {key: value for key, value in figures.items() if key != "made"}
    with pytest.raises(FakelocError, match="made"):
        render(less, collect([looked_at[0]]))


def test_the_gain_of_tuning_is_the_difference(tmp_path, figures, looked_at):
    same = {"dataset": "d", "split": "test", "frame_count": 9, "frame_fakes": 4}
    for name, auc in (("before", 0.7), ("after", 0.82)):
        values = {"frame_auc": auc, "intervals": {"frame_auc": [auc - 0.1, auc + 0.1]}}
        (tmp_path / name).write_text(json.dumps(same | values))
    rows = tuning(tmp_path / "before", tmp_path / "after")
    assert rows[0]["gain"] == "+0.120"
    assert rows[0]["after"] == "0.820 (0.720 to 0.920)"
    card = render(figures, collect([looked_at[0]]), rows)
    assert "| frame AUC | 0.700 (0.600 to 0.800) | 0.820" in card
    (tmp_path / "after").write_text(json.dumps(same | {"frame_count": 8}))
    with pytest.raises(FakelocError, match="frame_count"):
        tuning(tmp_path / "before", tmp_path / "after")


def test_the_command_writes_the_card(looked_at, tmp_path, capsys):
    run, _, out = looked_at
    tried = tmp_path / "tries.csv"
    assert shipped.main(["tries", str(run), "--out", str(tried)]) == 0
    call = ["card", "--figures", str(out / FIGURES), "--tries", str(tried)]
    card = tmp_path / "CARD.md"
    assert shipped.main([*call, "--out", str(card)]) == 0
    text = card.read_text()
    assert text.startswith("# Model card")
    # A commit of digits stays a commit.
    assert "| run | 0123456789 |" in " ".join(text.split())
    assert shipped.main([*call, "--out", str(card), "--before", str(tried)]) == 2
    assert "--after" in capsys.readouterr().err


def test_numbers_are_shown_with_their_intervals():
    known = {"value": 0.5, "low": 0.25, "high": 0.75, "count": 2, "of": 4}
    assert interval(known) == "0.500 (0.250 to 0.750)"
    assert percent(known) == "2 of 4, 50.0% (25.0 to 75.0%)"
    assert interval(dict.fromkeys(known)) == percent(None) == "–"
