"""The export: both signatures, its proof, and what `Detector` makes of it."""

import json
from dataclasses import replace

import cv2
import engine_exports
import numpy as np
import pytest
import tensorflow as tf
import toy_run

from fakeloc_tf import export
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.media import faces as face_media
from fakeloc_tf.media.images import encode_png
from fakeloc_tf.serving.exports import formats, verify


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runs") / "toy"
    return toy_run.make_run(folder, "model.five_way=true")


@pytest.fixture(scope="module")
def saved(run, tmp_path_factory):
    out = tmp_path_factory.mktemp("served") / "fakeloc"
    assert export.main(["--run", str(run), "--out", str(out / "1")]) == 0
    return out


@pytest.fixture(scope="module")
def by_run(run):
    return Detector(run)


@pytest.fixture(scope="module")
def crops():
    rng = np.random.default_rng(1)
    return rng.integers(0, 256, (5, 72, 72, 3), dtype=np.uint8)


@pytest.fixture(scope="module")
def signatures(saved):
    loaded = tf.saved_model.load(str(saved / "1"))
    yield loaded.signatures


def test_the_description_goes_along(saved):
    info = json.loads((saved / "1/assets.extra/fakeloc.json").read_text())
    assert info["image_size"] == 64
    assert info["threshold"] == toy_run.THRESHOLD
    assert info["classes"][0] == "pristine"
    assert info["gamma"] == [0.1, 0.2, 0.7]


def test_the_exported_detector_says_what_the_run_says(run, by_run, saved, crops):
    wanted = by_run.detect_faces(crops)
    assert np.ptp(wanted.probability) > 0.01
    for path in (saved, run / "best.keras"):
        detector = Detector(path, batch_size=2)
        assert detector.info == by_run.info
        scores = detector.detect_faces(crops)
        for name in ("probability", "localization", "method_probabilities"):
            np.testing.assert_allclose(
                getattr(scores, name), getattr(wanted, name), atol=1e-5
            )


def test_bytes_of_a_crop_of_another_size_are_resized_as_in_training(
    by_run, signatures, crops
):
    wanted = by_run.detect_faces(crops)
    png = tf.constant([encode_png(crop) for crop in crops])
    got = signatures["serving_default"](image_bytes=png)
    np.testing.assert_allclose(
        got["probability"].numpy()[:, 0], wanted.probability, atol=1e-5
    )
    np.testing.assert_allclose(
        got["localization"].numpy()[..., 0], wanted.localization, atol=1e-5
    )


def test_bytes_may_be_jpeg_and_of_mixed_sizes(signatures):
    image = cv2.GaussianBlur(
        np.random.default_rng(2).integers(0, 256, (90, 90, 3), dtype=np.uint8),
        (9, 9),
        3,
    )
    small = face_media.crop(image, face_media.CropBox(0, 0, 90, 90), 50)
    encoded = [cv2.imencode(".jpg", part)[1].tobytes() for part in (image, small)]
    got = signatures["serving_default"](image_bytes=tf.constant(encoded))
    assert got["probability"].shape == (2, 1)
    assert got["localization"].shape == (2, 64, 64, 1)
    np.testing.assert_allclose(got["method_probabilities"].numpy().sum(1), 1, atol=1e-5)


def broken_crops():
    """Name → bytes that are no crop, each in another way."""
    whole = encode_png(np.zeros((40, 40, 3), np.uint8))
    huge = bytearray(whole)
    huge[16:24] = (60_000).to_bytes(4, "big") * 2
    gif = cv2.imencode(".bmp", np.zeros((8, 8, 3), np.uint8))[1].tobytes()
    return {
        "empty": b"",
        "text": b"no picture",
        "half a PNG": whole[: len(whole) // 2],
        "only a signature": whole[:8],
        "a size that would take the memory": bytes(huge),
        "another format": gif,
        "a JPEG that ends early": b"\xff\xd8\xff\xe0",
    }


def test_a_broken_crop_costs_only_its_own_row(signatures, crops):
    good = [encode_png(crop) for crop in crops[:2]]
    wanted = signatures["serving_default"](image_bytes=tf.constant(good))
    for name, broken in broken_crops().items():
        batch = tf.constant([good[0], broken, good[1]])
        for signature in ("serving_default", "compact"):
            got = signatures[signature](image_bytes=batch)
            status = got["status"].numpy().tolist()
            assert status == [b"ok", b"unreadable", b"ok"], name
            png = got["localization_png_bytes"].numpy()
            assert png[1] == b"" and png[0] == wanted["localization_png_bytes"][0]
            for output in set(got) - {"status", "localization_png_bytes"}:
                value = got[output].numpy()
                assert np.isnan(value[1]).all(), (name, output)
                np.testing.assert_allclose(value[[0, 2]], wanted[output], atol=1e-5)


def test_a_batch_of_nothing_but_broken_crops_is_answered(signatures):
    got = signatures["serving_default"](image_bytes=tf.constant([b"", b"x"]))
    assert got["status"].numpy().tolist() == [b"unreadable"] * 2
    assert np.isnan(got["probability"].numpy()).all()


def test_the_png_is_the_map_at_eight_bits(signatures, crops):
    png = tf.constant([encode_png(crop) for crop in crops])
    got = signatures["serving_default"](image_bytes=png)
    for at, encoded in enumerate(got["localization_png_bytes"].numpy()):
        grey = tf.io.decode_png(encoded).numpy() / 255
        wanted = got["localization"][at].numpy()
        np.testing.assert_allclose(grey, wanted, atol=0.5 / 255 + 1e-6)


def test_the_model_describes_itself(signatures, saved):
    got = signatures["describe"](query=tf.constant([""]))["info"].numpy()
    wanted = json.loads((saved / "1/assets.extra/fakeloc.json").read_text())
    assert [json.loads(text) for text in got] == [wanted]


def test_an_export_is_not_overwritten(run, saved, capsys):
    assert export.main(["--run", str(run), "--out", str(saved / "1")]) == 2
    assert "not empty" in capsys.readouterr().err


@pytest.mark.parametrize("largest", [2e-5, float("nan")])
def test_an_export_that_differs_is_not_written(
    run, tmp_path, monkeypatch, capsys, largest
):
    def write(model, info, folder):
        (folder / "saved_model.pb").write_bytes(b"")

    given = replace(formats.FORMATS["saved_model"], write=write)
    monkeypatch.setitem(formats.FORMATS, "saved_model", given)
    found = {"x": verify.Difference(largest, mean=0.0)}
    monkeypatch.setattr(verify, "differences_from_keras", lambda *_: found)
    out = tmp_path / "1"
    assert export.main(["--run", str(run), "--out", str(out)]) == 1
    assert "differs" in capsys.readouterr().err
    assert not list(tmp_path.iterdir())


@pytest.mark.slow
def test_the_proof_notices_other_weights(by_run, saved):
    score = by_run._score
    crops = np.random.default_rng(3).integers(0, 256, (2, 72, 72, 3), dtype=np.uint8)

    def shifted(images):
        return score(images) | {"probability": score(images)["probability"] + 1e-3}

    found = verify.differences_from_keras(shifted, saved / "1", crops)
    assert found["predict_faces/probability"].largest == pytest.approx(1e-3, rel=0.01)
    assert found["serving_default/localization"].largest < 1e-5
    numbers = {"probability", "method_probabilities", "localization_png_bytes"}
    wanted = {
        "predict_faces": numbers | {"localization"},
        "serving_default": numbers | {"localization", "status"},
        "compact": numbers | {"status"},
        "describe": {"info"},
    }
    assert set(found) == {f"{s}/{name}" for s in wanted for name in wanted[s]}


def test_a_missing_run_is_a_wrong_call(tmp_path, capsys):
    call = ["--run", str(tmp_path / "no"), "--out", str(tmp_path / "1")]
    assert export.main(call) == 2
    assert "no/best.keras is missing" in capsys.readouterr().err


def test_a_model_that_cannot_locate_is_neither_exported_nor_used(tmp_path, capsys):
    run = toy_run.make_run(tmp_path / "plain", "model.heads=[noise]")
    words = "has no semantic heads: it cannot locate"

    status = export.main(["--run", str(run), "--out", str(tmp_path / "1")])

    said = capsys.readouterr().err
    assert status == 2 and words in said and "toy" in said
    assert not (tmp_path / "1").exists()
    with pytest.raises(FakelocError, match=f"{run} {words}"):
        Detector(run)


@pytest.mark.slow
@pytest.mark.parametrize("name", ["onnx", "openvino", "litert"])
def test_other_formats_are_proved_too(run, by_run, crops, tmp_path, capsys, name):
    engine_exports.skip_without(name)
    out = tmp_path / name
    call = ["--run", str(run), "--out", str(out), "--format", name]
    assert export.main(call) == 0
    assert f"{name}/method_probabilities: " in capsys.readouterr().out
    np.testing.assert_allclose(
        Detector(out).detect_faces(crops).localization,
        by_run.detect_faces(crops).localization,
        atol=1e-4,
    )
