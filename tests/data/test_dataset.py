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


def test_model_input_leaves_pictures_alone_whose_size_shows_when_they_are_read():
    image = np.random.default_rng(0).integers(0, 256, (2, 64, 64, 3)).astype(np.uint8)
    anything = tf.TensorSpec([None, None, None, 3], tf.uint8)
    read = tf.function(lambda x: targets.model_input(x, 64), input_signature=[anything])
    assert read.get_concrete_function().structured_outputs.shape[1:] == (64, 64, 3)
    np.testing.assert_array_equal(read(image), image)
    np.testing.assert_array_equal(
        read(image[:, :50, :50]), targets.model_input(image[:, :50, :50], 64)
    )


def area_weights(size, cells):
    """[cells, size]: the share of each cell that each pixel covers."""
    edges = np.arange(cells + 1) * size / cells
    weights = np.zeros((cells, size))
    for cell in range(cells):
        for pixel in range(size):
            covered = min(edges[cell + 1], pixel + 1) - max(edges[cell], pixel)
            weights[cell, pixel] = max(covered, 0.0) * cells / size
    return weights


def test_targets_of_a_batch_are_area_means_of_each_face():
    rng = np.random.default_rng(0)
    faces = {
        "mask": rng.choice([0, 255], (3, 61, 61, 1)).astype(np.uint8),
        "noise": rng.integers(0, 256, (3, 61, 61, 1)).astype(np.uint8),
        "label": np.array([0, 1, 1]),
        "method": np.array([0, 2, 4]),
        "mask_valid": np.array([1, 0, 1]),
    }
    found = targets.make_targets(faces, {"deep": (7, 30)}, sigma=5.0)
    down, across = area_weights(61, 7), area_weights(61, 30)
    for name, key, scale in (("semantic", "mask", 255.0), ("noise", "noise", 20.0)):
        expected = down @ (faces[key][..., 0] / scale) @ across.T
        np.testing.assert_allclose(
            found[f"{name}_deep"][..., 0], expected, rtol=1e-5, atol=1e-6
        )
    assert found["label"].shape == (3, 1)
    assert found["mask_valid"].numpy().tolist() == [1.0, 0.0, 1.0]


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
