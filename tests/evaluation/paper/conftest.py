"""What is reproduced here runs on the tiny backbone, at toy size."""

import keras
import pytest
import synthetic
import tiny_backbone

from fakeloc_tf.models import backbones


@pytest.fixture(autouse=True, scope="module")
def _tiny_backbone():
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(backbones.BACKBONES, "xception", tiny_backbone.TINY)
        yield


@pytest.fixture
def nothing_to_free(monkeypatch):
    """Collecting garbage takes a second, each time that a model has been used."""
    monkeypatch.setattr(keras.utils, "clear_session", lambda: None)


@pytest.fixture(scope="session")
def records(tmp_path_factory):
    return synthetic.write_records(tmp_path_factory.mktemp("data") / "c23")
