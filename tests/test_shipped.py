"""The names that `--model` takes, and what of a shipped model is checked."""

import configparser
import fnmatch
from pathlib import Path

import pytest

from fakeloc_tf import shipped
from fakeloc_tf.errors import FakelocError

ROOT = Path(__file__).resolve().parents[1]
NAME = shipped.DEFAULT


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """A shipped model whose files say nothing; none of it is loaded."""
    monkeypatch.setattr(shipped, "ROOT", tmp_path / "installed" / "models" / "shipped")
    folder = shipped.ROOT / NAME
    folder.mkdir(parents=True)
    for name in shipped.READ:
        (folder / name).write_text(name)
    shipped.write_sums(folder)
    (folder / shipped.CARD).write_text("written later")
    return folder


def test_no_model_and_the_name_are_the_shipped_one(folder):
    assert shipped.locate(None) == shipped.locate(NAME) == folder
    assert shipped.checked(None) == folder


def test_a_path_stays_as_it_is(folder, tmp_path, monkeypatch):
    """Also one that is called as a shipped model is."""
    monkeypatch.chdir(tmp_path)
    (tmp_path / NAME).mkdir()
    for path in (Path(NAME), f"./{NAME}", "runs/demo", tmp_path / "a.keras"):
        assert shipped.locate(path) == Path(path)
        assert shipped.checked(path) == Path(path)
        assert shipped.name_of(path) is shipped.card_of(path) is None
    # A folder here does not take the place of the model of the installation.
    assert shipped.locate(NAME) == folder


@pytest.mark.parametrize("path", [None, NAME, "folder", "weights"])
def test_a_shipped_model_is_known_however_it_is_named(folder, path):
    given = {"folder": folder, "weights": folder / "best.keras"}.get(path, path)
    assert shipped.name_of(given) == NAME
    assert shipped.card_of(given) == f"installed/models/shipped/{NAME}/MODEL_CARD.md"


def test_results_do_not_go_into_the_installation(folder):
    assert shipped.results_folder(folder) == Path("runs") / NAME
    assert shipped.results_folder(Path("runs/mine")) == Path("runs/mine")


def test_the_default_one_comes_first(folder):
    other = shipped.ROOT / "another"
    other.mkdir()
    assert shipped.names() == (NAME,)
    (other / "best.keras").touch()
    assert shipped.names() == (NAME, "another")
    assert shipped.locate("another") == other


@pytest.mark.parametrize("name", shipped.READ)
def test_each_file_is_checked(folder, name):
    (folder / name).write_text("other bytes")
    for given in (None, folder, folder / "best.keras"):
        with pytest.raises(FakelocError) as error:
            shipped.checked(given)
        assert f"{folder / name} was changed" in str(error.value)
        assert "pip install --force-reinstall" in str(error.value)


@pytest.mark.parametrize("name", [*shipped.READ, shipped.SUMS])
def test_each_file_must_be_there(folder, name):
    (folder / name).unlink()
    with pytest.raises(FakelocError, match=f"{name} (is missing|cannot be read)"):
        shipped.checked(None)


def test_the_card_is_no_part_of_it(folder):
    (folder / shipped.CARD).unlink()
    assert shipped.checked(None) == folder


def test_what_is_read_must_have_a_sum(folder):
    sums = folder / shipped.SUMS
    lines = sums.read_text().splitlines(keepends=True)
    sums.write_text("".join(line for line in lines if "calibration" not in line))
    with pytest.raises(FakelocError, match="calibration.json is not among the sums"):
        shipped.checked(None)
    sums.write_text("")
    with pytest.raises(FakelocError, match="best.keras is not among the sums"):
        shipped.checked(None)


def test_an_installation_without_weights_says_so(folder):
    (folder / "best.keras").unlink()
    for given in (None, NAME):
        with pytest.raises(FakelocError) as error:
            shipped.locate(given)
        assert f"{folder / 'best.keras'} is missing" in str(error.value)
        assert "give another model" in str(error.value)


def test_every_file_of_it_is_in_a_wheel(folder):
    setup = configparser.ConfigParser()
    setup.read(ROOT / "setup.cfg")
    patterns = setup["options.package_data"]["fakeloc_tf"].split()
    names = {path.name for path in folder.iterdir()}
    names |= {path.name for path in (ROOT / "fakeloc_tf/models/shipped").glob("*/*")}
    assert len(names) >= len(shipped.READ) + 2
    for name in names:
        # Of setuptools' patterns, as of those of a shell, a star ends at a slash.
        found = [
            pattern
            for pattern in patterns
            if pattern.count("/") == 3
            and fnmatch.fnmatchcase(f"models/shipped/{NAME}/{name}", pattern)
        ]
        assert found, f"{name} would not be installed"


REAL = shipped.ROOT / NAME


def test_the_real_one_is_whole_and_answers():
    from fakeloc_tf import Detector
    from fakeloc_tf.data.portraits import load_portraits

    assert shipped.checked(None) == REAL
    size = sum(path.stat().st_size for path in REAL.iterdir())
    assert size <= 40e6
    assert (REAL / shipped.CARD).is_file()
    detector = Detector()
    assert detector.info.name == NAME
    assert detector.info.rates
    (face,) = detector.detect(load_portraits(3)[0].image())
    assert 0 < face.probability < 1
    assert face.localization.shape == 2 * (detector.info.image_size,)
