"""The tf.data pipeline: joint flips, targets, determinism, broken files."""

import numpy as np
import pytest
import synthetic
import tensorflow as tf

from fakeloc_tf.config import AugmentConfig
from fakeloc_tf.data import dataset, prepared, targets
from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.noise import NOISE_SCALE

SIZES = {"shallow": (35, 35), "middle": (9, 9), "deep": (5, 5)}


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return synthetic.write_records(tmp_path_factory.mktemp("records"))


def batches(folder, *, epoch=0):
    return dataset.training_batches(
        RecordSource(folder, "train"),
        image_size=72,
        map_sizes=SIZES,
        sigma=5.0,
        batch_size=8,
        shuffle_buffer=32,
        augment=AugmentConfig(),
        seed=3,
        epoch=epoch,
    )


def test_load_split_gives_what_was_written(folder):
    face = next(iter(dataset.load_split(folder, "train").skip(3)))
    written = synthetic.synthetic_face(3, "train", 72)
    np.testing.assert_array_equal(face["image"], written.image_uint8)
    np.testing.assert_array_equal(face["mask"][..., 0], written.mask_uint8)
    np.testing.assert_array_equal(face["noise"][..., 0], written.noise_uint8)
    assert int(face["label"]) == 1
    assert face["video_id"].numpy().decode() == written.video_id


def test_masks_are_area_shares_and_noise_is_scaled_by_sigma():
    mask = np.zeros((8, 8, 1), np.uint8)
    mask[:4, :2] = 255
    share = targets.soft_mask(tf.constant(mask), (2, 2))[..., 0]
    np.testing.assert_allclose(share, [[0.5, 0.0], [0.0, 0.0]])
    noise = np.full((8, 8, 1), round(NOISE_SCALE * 10), np.uint8)
    scaled = targets.noise_target(tf.constant(noise), (4, 4), sigma=5.0)
    np.testing.assert_allclose(scaled, 2.0)


def test_targets_follow_the_maps_sizes(folder):
    images, wanted = next(iter(batches(folder)))
    assert images.shape == (8, 72, 72, 3) and images.dtype == tf.float32
    for tap, size in SIZES.items():
        assert wanted[f"semantic_{tap}"].shape == (8, *size, 1)
        assert wanted[f"noise_{tap}"].shape == (8, *size, 1)
    assert wanted["label"].shape == (8, 1)


def test_model_input_leaves_a_crop_of_the_right_size_alone():
    image = np.random.default_rng(0).integers(0, 256, (64, 64, 3)).astype(np.uint8)
    np.testing.assert_array_equal(targets.model_input(tf.constant(image), 64), image)
    smaller = targets.model_input(tf.constant(image), 32)
    assert smaller.shape == (32, 32, 3)
    assert abs(float(tf.reduce_mean(smaller)) - image.mean()) < 1.0


def test_an_epoch_is_reproducible_and_epochs_differ(folder):
    def pixels(epoch):
        return np.concatenate([images for images, _ in batches(folder, epoch=epoch)])

    np.testing.assert_array_equal(pixels(1), pixels(1))
    assert not np.array_equal(pixels(1), pixels(2))


def test_every_face_is_seen_once_an_epoch(folder):
    labels = np.concatenate([t["method"] for _, t in batches(folder)])
    counts = prepared.dataset_info(folder)["counts"]["train"]
    assert np.bincount(labels, minlength=5).tolist() == list(counts.values())


def test_missing_folder_and_split_are_named(tmp_path, folder):
    with pytest.raises(FakelocError, match=r"nowhere.*pipelines\.prepare"):
        prepared.dataset_info(tmp_path / "nowhere")
    with pytest.raises(FakelocError, match="'val'"):
        prepared.split_files(tmp_path, "val")


def test_a_broken_record_names_its_file(tmp_path):
    folder = synthetic.write_records(tmp_path / "records", {"train": 4})
    path = next(folder.glob("train-*"))
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 0xFF
    path.write_bytes(bytes(data))
    with pytest.raises(FakelocError, match=path.name):
        with dataset.explain_broken_records(folder, "train"):
            list(dataset.load_split(folder, "train"))
