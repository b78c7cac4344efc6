"""Every key of `results.jsonl` stands in the README of the folder."""

import re
from pathlib import Path

import numpy as np
from doubles import PORTRAITS

import fakeloc_tf.inference
from fakeloc_tf.inference.inputs import collect
from fakeloc_tf.inference.outputs import Outputs
from fakeloc_tf.media.images import read_image, write_png
from fakeloc_tf.media.video import write_video

README = Path(fakeloc_tf.inference.__file__).with_name("README.md")


def keys_of(value):
    if isinstance(value, dict):
        found = {key for key in value if not key[0].isupper()}
        return found.union(*map(keys_of, value.values()))
    return set().union(*map(keys_of, value)) if isinstance(value, list) else set()


def test_the_readme_has_every_key(tmp_path):
    from test_run import CALL, detect, read_off

    def score(crops):
        methods = np.full((len(crops), 2), 0.5)
        return read_off(crops) | {"method_probabilities": methods}

    image = read_image(PORTRAITS / "B001248.jpg")
    (tmp_path / "in").mkdir()
    write_png(tmp_path / "in/face.png", image)
    (tmp_path / "in/face.jpg").write_bytes((PORTRAITS / "B001248.jpg").read_bytes())
    write_video(tmp_path / "in/clip.mp4", [image[:400, :320]] * 6, 6.0)
    (tmp_path / "in/text.jpg").write_text("text")

    rows = detect(collect([tmp_path / "in"]), Outputs(tmp_path / "out", CALL), score)

    documented = set(re.findall(r"`(\w+)`", README.read_text()))
    methods = {"pristine", "swap"}
    found = keys_of(rows) - methods
    assert {"tracks", "peaks", "evidence", "reason", "jpeg_quality"} <= found
    assert found - documented == set()
