"""`fakeloc score`, run as a user runs it, against the double."""

import json
import shutil
from pathlib import Path

import pytest
from tf_serving_double import Double

import fakeloc_tf
from fakeloc_tf import detect, score

NAMES = ("B001248.jpg", "B001295.jpg", "B001311.jpg")
PORTRAITS = Path(fakeloc_tf.__file__).parent / "data/demo/portraits"


@pytest.fixture(scope="module")
def pictures(tmp_path_factory):
    folder = tmp_path_factory.mktemp("to-score")
    for name in NAMES:
        shutil.copy(PORTRAITS / name, folder / name)
    (folder / "notes.txt").write_text("no picture")
    return folder


@pytest.fixture(scope="module")
def server(served_export):
    with Double(served_export / "1") as double:
        yield double


def rows_of(out):
    lines = (out / "results.jsonl").read_text().splitlines()
    return {Path(row["path"]).name: row for row in map(json.loads, lines)}


def call(main, *arguments):
    return main(list(map(str, arguments)))


@pytest.fixture(scope="module")
def local(served_export, pictures, tmp_path_factory):
    out = tmp_path_factory.mktemp("local") / "out"
    arguments = (pictures, "--model", served_export, "--out", out, "--workers", 1)
    assert call(detect.main, *arguments) == 1  # the text is no picture
    return rows_of(out)


# Each way more takes a process that reads files.
WAYS = ["rest", pytest.param("grpc", marks=pytest.mark.slow)]


@pytest.mark.parametrize("way", WAYS)
def test_the_rows_are_those_of_detect_with_the_same_export(
    way, server, pictures, local, tmp_path, capsys
):
    out, url = tmp_path / "out", getattr(server, way)
    arguments = (pictures, "--server", url, "--out", out, "--workers", 1)
    assert call(score.main, *arguments) == 1
    rows = rows_of(out)
    assert rows.keys() == local.keys()
    for name, row in rows.items():
        assert without_scores(row) == without_scores(local[name])
        both = zip(row.get("faces", ()), local[name].get("faces", ()), strict=True)
        for face, wanted in both:
            same = pytest.approx(wanted["probability"], abs=1e-5)
            assert face["probability"] == same
            # Half a grey level does not move a pixel over 0.5; rounding may, one.
            share = wanted["manipulated_fraction"]
            assert face["manipulated_fraction"] == pytest.approx(share, abs=3e-4)
    assert sum(len(row.get("faces", ())) for row in rows.values()) == 3
    told = json.loads((out / "call.json").read_text())
    model = told["model"]
    assert model["sha256"] is None
    assert (model["path"], model["engine"]) == (url, "tensorflow serving")
    assert (model["served_name"], model["served_version"]) == ("fakeloc", 1)
    assert "tensorflow" not in told["versions"]
    page = (out / "report.html").read_text()
    assert "not known: a server ran the model" in page
    assert url in page
    assert "report.html" in capsys.readouterr().out


def without_scores(row):
    """What a row says beside the numbers of the model, in one comparable form."""
    row = json.loads(json.dumps(row))
    for part in (row, *row.get("faces", ())):
        for key in ("probability", "manipulated_fraction", "method_probabilities"):
            part.pop(key, None)
    return row


def test_a_server_that_goes_away_keeps_what_is_done(
    server, pictures, local, tmp_path, capsys
):
    out = tmp_path / "out"
    arguments = (pictures, "--server", server.rest, "--out", out, "--workers", 1)
    arguments += ("--batch-size", 1, "--parallel", 1, "--retries", 0)
    # The description and two faces, while the first is drawn; then no more.
    server.faults += [None, None, None, "unavailable"]
    assert call(score.main, *arguments) == 2
    said = capsys.readouterr().err
    assert "HTTP 503: the server is about to stop" in said
    assert "the same command goes on where it was" in said
    done = rows_of(out)
    pictured = {name for name, row in done.items() if row["status"] == "ok"}
    assert NAMES[0] in pictured and len(pictured) < len(NAMES)
    masks = {path.name[:7] for path in (out / "masks").iterdir()}
    assert masks == {name[:7] for name in pictured}
    assert not (out / "report.html").exists()

    assert call(score.main, *arguments) == 1
    assert f"{len(done)} of 4 files were done before" in capsys.readouterr().err
    assert rows_of(out).keys() == local.keys()


def test_the_token_comes_from_the_environment(server, pictures, monkeypatch, capsys):
    picture = pictures / "B001248.jpg"
    arguments = (picture, "--server", server.rest, "--json", "--workers", 1)
    monkeypatch.setattr(server, "token", "sesame")
    assert call(score.main, *arguments) == 2
    assert "FAKELOC_SERVER_TOKEN" in capsys.readouterr().err
    monkeypatch.setenv(score.TOKEN_VARIABLE, "sesame")
    assert call(score.main, *arguments) == 0
    printed = capsys.readouterr()
    (row,) = map(json.loads, printed.out.splitlines())
    assert row["status"] == "ok"
    assert "sesame" not in printed.out + printed.err


def test_wrong_calls(pictures, capsys):
    assert call(score.main, pictures, "--server", "host", "--json") == 2
    assert "'host' is no address of a server" in capsys.readouterr().err
