"""`call.json` of a model that a server runs, and what goes on with its results."""

from dataclasses import replace

import pytest
from doubles import make_info

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.call import ServedModel, describe_call
from fakeloc_tf.inference.outputs import Outputs
from fakeloc_tf.inference.settings import Settings

SETTINGS = Settings(4.0, 1920, 60.0, 1.3, 32)
SERVED = ServedModel("http://a:8501", "fakeloc", 3, "float32")


def described(served=SERVED):
    return describe_call(served, make_info(), SETTINGS, ["fakeloc", "score"])


def test_it_says_who_answered_and_claims_no_hash():
    call = described()
    assert call["model"]["sha256"] is None
    assert call["model"]["path"] == "http://a:8501"
    assert call["model"]["engine"] == "tensorflow serving"
    assert (call["model"]["served_name"], call["model"]["served_version"]) == (
        "fakeloc",
        3,
    )
    # What is installed here did not run the model.
    assert not {"tensorflow", "keras", "onnxruntime"} & call["versions"].keys()
    assert {"python", "numpy"} <= call["versions"].keys()


def test_another_address_goes_on_with_the_results(tmp_path):
    Outputs(tmp_path / "out", described())
    Outputs(tmp_path / "out", described(replace(SERVED, url="grpc://b:8500")))


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"version": 4}, "model.served_version was 3, now it is 4"),
        ({"name": "goat"}, "model.served_name was fakeloc, now it is goat"),
        ({"maps": "8 bits"}, "model.maps was float32, now it is 8 bits"),
    ],
)
def test_another_model_does_not(tmp_path, change, words):
    Outputs(tmp_path / "out", described())
    with pytest.raises(FakelocError, match=words):
        Outputs(tmp_path / "out", described(replace(SERVED, **change)))
