"""Configuration: every mistake is named, everything resolved is read back."""

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakeloc_tf import config
from fakeloc_tf.errors import FakelocError

CONFIGS = sorted(Path(__file__).parents[1].joinpath("configs").rglob("*.yaml"))


@pytest.mark.parametrize("path", CONFIGS, ids=lambda path: path.stem)
def test_every_shipped_config_loads_and_reads_back(path, tmp_path):
    resolved = config.load(path)
    config.dump(resolved, tmp_path / "config.yaml")
    assert config.load(tmp_path / "config.yaml") == resolved


@pytest.mark.parametrize("name", ["ffpp_c23", "ffpp_c40"])
def test_paper_configs_hold_the_papers_settings(name):
    path = next(path for path in CONFIGS if path.stem == name)
    resolved = config.load(path)
    assert resolved.model.image_size == resolved.prepare.crop_size == 299
    assert resolved.training.batch_size == 32
    assert resolved.prepare.sigma == {"ffpp_c23": 5.0, "ffpp_c40": 10.0}[name]
    assert resolved.training.step1.learning_rate == 2e-4
    assert resolved.optimizer.weight_decay == 1e-5


def test_unknown_key_names_key_file_and_nearest(tmp_path):
    path = tmp_path / "typo.yaml"
    path.write_text("training: {batchsize: 4}\n")
    with pytest.raises(FakelocError) as error:
        config.load(path)
    message = str(error.value)
    assert "training.batchsize" in message
    assert str(path) in message
    assert "`training.batch_size`" in message


@pytest.mark.parametrize("value", ["many", "2.5", "true", "[1]", "-3", "0"])
def test_ill_typed_value_is_refused_with_its_key(value):
    with pytest.raises(FakelocError, match="training.batch_size"):
        config.load(None, (f"training.batch_size={value}",))


@pytest.mark.parametrize(
    "override", ["training", "training.batch_size.x=1", "a=b=c: :"]
)
def test_malformed_override_is_refused(override):
    with pytest.raises(FakelocError, match="training|a"):
        config.load(None, (override,))


def test_missing_and_broken_files_are_named(tmp_path):
    with pytest.raises(FakelocError, match=r"none\.yaml"):
        config.load(tmp_path / "none.yaml")
    broken = tmp_path / "broken.yaml"
    broken.write_text("a: [1\n")
    with pytest.raises(FakelocError, match=r"broken\.yaml is not YAML"):
        config.load(broken)


def test_config_is_frozen():
    with pytest.raises(ValueError, match="frozen"):
        config.load().training.seed = 3


@given(rate=st.floats(1e-9, 1.0), seed=st.integers(-(2**31), 2**31))
def test_overrides_survive_a_round_trip(rate, seed):
    overrides = (
        f"training.step1.learning_rate={rate!r}",
        f"training.seed={seed}",
    )
    resolved = config.load(None, overrides)
    assert resolved.training.step1.learning_rate == rate
    assert resolved.training.seed == seed
