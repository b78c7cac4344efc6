"""The embedding projector's files, read back."""

import csv

import cv2
import numpy as np
import pytest
from board_stand_in import (
    StandIn,
    board,
    drive,
)
from google.protobuf import text_format
from tensorboard.plugins.projector import ProjectorConfig


def test_projector_rows_thumbnails_and_features_belong_together(run):
    folder, watch = run
    text = (folder / "projector_config.pbtxt").read_text()
    (embedding,) = text_format.Parse(text, ProjectorConfig()).embeddings
    rows = np.loadtxt(folder / embedding.tensor_path, dtype=np.float32, delimiter="\t")
    np.testing.assert_array_equal(rows, watch.rows)
    with (folder / embedding.metadata_path).open() as file:
        head, *details = csv.reader(file, delimiter="\t")
    assert head == ["label", "video_id"]
    assert details == [["fake", f"a b{row}"] for row in range(7)]
    sprite = cv2.imread(str(folder / embedding.sprite.image_path))[..., ::-1]
    width, height = embedding.sprite.single_image_dim
    assert sprite.shape == (3 * height, 3 * width, 3)
    for index, thumbnail in enumerate(watch.thumbnails):
        top, left = index // 3 * height, index % 3 * width
        cell = sprite[top : top + height, left : left + width]
        np.testing.assert_array_equal(cell, thumbnail)


def test_projector_refuses_rows_that_do_not_match(tmp_path):
    watch = StandIn()
    rows, thumbnails, details = watch.features(7)
    watch.features = lambda count: (rows, thumbnails[1:], details)
    with pytest.raises(ValueError, match=r"Received: 7, 6, 7"):
        drive(board(tmp_path, watch))
