"""`Detector`: crops, batches, verdicts; what `load_model` accepts."""

import numpy as np
import pytest
from doubles import SIZE, box, gradient, make_detector, make_info, read_off

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference import run_info
from fakeloc_tf.inference.loading import load_model
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.media import faces as face_media


def sharp():
    """A gradient with the detail and the contrast of a good picture."""
    image = gradient()
    image[::4, ::4] = 255 - image[::4, ::4]
    return image


def test_a_face_gets_the_score_and_map_of_its_crop():
    image = gradient()
    detector = make_detector([box(40, 30, 40)])
    (result,) = detector.detect(image)
    square = face_media.crop_box(result.box, 1.3, *image.shape[:2])
    crop = face_media.crop(image, square, SIZE)
    assert result.crop_box == square
    np.testing.assert_allclose(result.localization, crop[..., 0] / 255, atol=1e-6)
    assert result.probability == pytest.approx(crop[..., 0].mean() / 255, abs=1e-5)
    share = (crop[..., 0] / 255 >= 0.5).mean()
    assert result.manipulated_fraction == pytest.approx(share)


def test_batches_change_nothing():
    boxes = [box(5, 5, 60), box(90, 50, 50), box(100, 10, 41)]
    sizes = []

    def score(crops):
        sizes.append(len(crops))
        return read_off(crops)

    got = make_detector(boxes, score=score, batch_size=2).detect(gradient())
    assert sizes == [2, 1]
    assert [result.box for result in got] == boxes
    for result, alone in zip(got, boxes, strict=True):
        (wanted,) = make_detector([alone]).detect(gradient())
        assert result.probability == pytest.approx(wanted.probability, abs=1e-6)


def test_small_faces_are_left_out():
    assert make_detector([box(5, 5, 39)]).detect(gradient()) == []


@pytest.mark.parametrize(
    ("real", "manipulated", "verdict"),
    [
        (0.0, 0.2, "likely_manipulated"),
        (0.0, 0.99, "not_sure"),
        (0.98, 0.99, "likely_real"),
    ],
)
def test_the_verdict_is_that_of_both_thresholds(real, manipulated, verdict):
    detector = make_detector(
        [box(40, 30, 70)], threshold=manipulated, real_threshold=real
    )
    (result,) = detector.detect(sharp())
    assert result.warnings == ()
    assert result.verdict == verdict


def test_a_warning_leaves_no_sure_verdict():
    (result,) = make_detector([box(40, 30, 70)], threshold=0.0).detect(
        sharp(), jpeg_quality=5
    )
    assert [warning.code for warning in result.warnings] == ["compressed"]
    assert result.verdict == "not_sure"


def test_a_crop_is_cut_at_the_size_of_the_records():
    image = gradient(200, 200)
    detector = make_detector([box(30, 30, 100)], crop_size=48)
    (result,) = detector.detect(image)
    crop = face_media.crop(image, result.crop_box, 48)
    np.testing.assert_allclose(result.localization, crop[..., 0] / 255, atol=1e-6)


def test_method_probabilities_carry_their_names():
    def score(faces):
        return read_off(faces) | {"method_probabilities": np.array([[0.25, 0.75]])}

    (result,) = make_detector([box(30, 30, 50)], score=score).detect(gradient())
    assert result.method_probabilities == {"pristine": 0.25, "swap": 0.75}


def test_crops_of_another_type_are_refused():
    with pytest.raises(ValueError, match="Received: float32"):
        make_detector([]).detect_faces(np.zeros((1, 8, 8, 3), np.float32))


def test_info_survives_json(tmp_path):
    info = make_info(threshold=0.123)
    (tmp_path / "fakeloc.json").write_text(info.to_json())
    assert ModelInfo.from_json(tmp_path / "fakeloc.json") == info
    (tmp_path / "fakeloc.json").write_text('{"name": "x"}')
    with pytest.raises(FakelocError, match="does not describe a model"):
        ModelInfo.from_json(tmp_path / "fakeloc.json")


def test_the_threshold_comes_from_validation_then_from_the_user():
    from fakeloc_tf.config import Config

    assert run_info.from_config(Config()).threshold == 0.5
    info = run_info.from_config(Config(), {"validation_threshold": 0.31})
    assert info.threshold == 0.31
    assert "validation" in info.threshold_source
    assert info.with_threshold(0.7).threshold == 0.7
    assert info.with_threshold(None) == info
    with pytest.raises(FakelocError, match="between 0 and 1"):
        info.with_threshold(1.5)


def test_what_the_model_was_trained_on_is_told_without_folders():
    from fakeloc_tf import config

    values = ["data.records=/secret/demo_c23/records", "data.methods=[FaceSwap]"]
    told = run_info.from_config(config.load(None, values), people=44).trained_on
    assert told == "demo_c23, 44 people, only the fakes of FaceSwap"
    plain = config.load(None, ["data.records=/secret/mine"])
    assert run_info.from_config(plain).trained_on == "mine"


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(FakelocError, match="holds no model"):
        load_model(tmp_path)
    with pytest.raises(FakelocError, match="nowhere holds no model"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(FakelocError, match=r"x\.keras is missing"):
        load_model(tmp_path / "x.keras")
