"""`Detector`: crops, batches, verdicts; what `load_model` accepts."""

import numpy as np
import pytest
import tensorflow as tf
from doubles import SIZE, box, gradient, make_detector, make_info, read_off

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference import model_info
from fakeloc_tf.inference.loading import load_model
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.media import faces as face_media


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


def test_batches_reach_across_pictures_and_change_nothing():
    images = [gradient(), gradient(90, 200), gradient(100, 100)]
    boxes = [[box(5, 5, 40), box(90, 50, 50)], [], [box(20, 20, 60)]]
    sizes = []

    def score(faces):
        sizes.append(len(faces))
        return read_off(faces)

    together = make_detector([], score=score, batch_size=2).score_boxes(images, boxes)
    assert sizes == [2, 1]
    alone = [
        make_detector([]).score_boxes([i], [b])[0]
        for i, b in zip(images, boxes, strict=True)
    ]
    assert [len(row) for row in together] == [2, 0, 1]
    for got, wanted in zip(sum(together, []), sum(alone, []), strict=True):
        assert got.box == wanted.box
        assert got.probability == pytest.approx(wanted.probability, abs=1e-6)


def test_the_threshold_itself_is_manipulated():
    detector = make_detector([], threshold=0.25)
    assert detector.verdict(0.25) == "manipulated"
    assert detector.verdict(0.2499) == "real"


def test_a_crop_is_cut_at_the_size_of_the_records_then_resized_as_in_training():
    image = gradient(200, 200)
    detector = make_detector([box(30, 30, 100)], crop_size=48)
    (result,) = detector.detect(image)
    crop = face_media.crop(image, result.crop_box, 48).astype(np.float32)
    wanted = tf.image.resize(crop, (SIZE, SIZE), antialias=True)[..., 0] / 255
    np.testing.assert_allclose(result.localization, wanted, atol=1e-5)


def test_method_probabilities_carry_their_names():
    def score(faces):
        return read_off(faces) | {"method_probabilities": tf.constant([[0.25, 0.75]])}

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

    assert model_info.from_config(Config()).threshold == 0.5
    info = model_info.from_config(Config(), {"validation_threshold": 0.31})
    assert info.threshold == 0.31
    assert "validation" in info.threshold_source
    assert info.with_threshold(0.7).threshold == 0.7
    assert info.with_threshold(None) == info
    with pytest.raises(FakelocError, match="between 0 and 1"):
        info.with_threshold(1.5)


def test_a_folder_without_a_model_is_named(tmp_path):
    with pytest.raises(FakelocError, match="holds no model"):
        load_model(tmp_path)
    with pytest.raises(FakelocError, match="nowhere holds no model"):
        load_model(tmp_path / "nowhere")
    with pytest.raises(FakelocError, match=r"x\.keras is missing"):
        load_model(tmp_path / "x.keras")
