"""Pairs made from portraits: nothing but the manipulation tells the two apart."""

import numpy as np
import pytest

from fakeloc_tf.data.made import background, pool, scene
from fakeloc_tf.data.made.camera import published, recorded
from fakeloc_tf.data.made.faces import SMALLEST_SHARE, FaceMaker
from fakeloc_tf.data.portraits import FOLDER, load_portraits
from fakeloc_tf.data.self_blending import mean_face
from fakeloc_tf.errors import FakelocError


@pytest.fixture(scope="module")
def maker():
    return FaceMaker(load_portraits(6), 96)


def test_equal_numbers_give_equal_pairs_and_others_do_not(maker):
    first, again, other = (maker.pair((3, 1, i)) for i in (7, 7, 8))
    for face in ("real", "fake"):
        a, b, c = (getattr(pair, face) for pair in (first, again, other))
        np.testing.assert_array_equal(a.image_uint8, b.image_uint8)
        np.testing.assert_array_equal(a.mask_uint8, b.mask_uint8)
        assert (a.image_uint8 != c.image_uint8).any()


def test_the_real_face_has_no_mask_and_the_fake_one_is_seen(maker):
    for index in range(12):
        pair = maker.pair((0, 0, index))
        for face in (pair.real, pair.fake):
            assert face.image_uint8.shape == (96, 96, 3)
            assert face.image_uint8.dtype == face.mask_uint8.dtype == np.uint8
            assert set(np.unique(face.mask_uint8)) <= {0, 255}
        assert not pair.real.mask_uint8.any()
        assert (pair.fake.mask_uint8 > 0).mean() > 0.5 * SMALLEST_SHARE


def test_what_a_camera_does_it_does_to_both(maker, monkeypatch):
    """Without a manipulation the two faces of a pair are the same bytes."""
    from fakeloc_tf.manipulate.manipulation import Manipulation

    def nothing(_self, real, _pristine, _scene, rng):
        rng.random(int(rng.integers(1, 9)))
        return Manipulation(real, np.full(real.shape[:2], 255, np.uint8))

    monkeypatch.setattr(FaceMaker, "_manipulated", nothing)
    for index in range(12):
        pair = maker.pair((0, 5, index))
        np.testing.assert_array_equal(pair.real.image_uint8, pair.fake.image_uint8)


def test_the_pixels_beside_the_mask_are_those_of_the_real_face(maker, monkeypatch):
    """Before the camera; and inside they differ."""
    monkeypatch.setattr(
        "fakeloc_tf.data.made.faces.published", lambda image, rng: image
    )
    monkeypatch.setattr(
        "fakeloc_tf.data.made.faces.crop", lambda image, box, size: image
    )
    monkeypatch.setattr(
        "fakeloc_tf.data.made.faces.crop_mask", lambda mask, box, size: mask
    )
    monkeypatch.setattr("fakeloc_tf.data.made.faces._CHANGED_SHARE", 0.5)
    for index in range(12):
        pair = maker.pair((1, 0, index))
        outside = pair.fake.mask_uint8 == 0
        real, fake = pair.real.image_uint8, pair.fake.image_uint8
        np.testing.assert_array_equal(real[outside], fake[outside])
        assert (real[~outside] != fake[~outside]).any()


def test_cameras_keep_size_and_type():
    image = np.random.default_rng(0).integers(0, 256, (91, 91, 3), np.uint8)
    for number in range(25):
        rng = np.random.default_rng(number)
        for chain in (recorded, published):
            seen = chain(image, rng)
            assert (seen.shape, seen.dtype) == (image.shape, np.uint8)


def test_the_square_of_the_mean_face_is_its_crop():
    turn = np.radians(20)
    rotation = np.array([[np.cos(turn), -np.sin(turn)], [np.sin(turn), np.cos(turn)]])
    points = 80 * (mean_face() - 0.5) @ rotation.T + (200, 120)
    center, side, angle = scene.face_square(points)
    np.testing.assert_allclose(center, (200, 120))
    assert (side, angle) == (pytest.approx(80), pytest.approx(turn))


def test_a_scene_puts_the_crop_in_its_middle():
    portrait = load_portraits(3)[0]
    for number in range(8):
        rng = np.random.default_rng(number)
        made = scene.random_scene(portrait.image(), portrait.landmarks, rng)
        center, side, _ = scene.face_square(made.landmarks)
        np.testing.assert_allclose(center, made.center, atol=0.15 * made.side)
        assert side == pytest.approx(made.side, rel=0.2)


def test_landmarks_go_with_a_turned_head():
    """A picture of its own coordinates says where each point came from."""
    canvas = 240
    x, y = np.meshgrid(np.arange(canvas), np.arange(canvas))
    image = np.stack([x, y, y], -1).astype(np.uint8)
    points = canvas / 2 + 130 * (mean_face() - 0.5)
    moves = []
    for number in range(20):
        rng = np.random.default_rng(number)
        seen, moved = scene._turned(image, points, 150.0, rng)
        columns, rows = np.rint(moved).astype(int).T
        came_from = seen[rows, columns, :2] + (moved - np.rint(moved))
        assert np.abs(came_from - points).max() < 1.6
        moves.append(np.abs(moved - points).max())
    assert max(moves) > 10


def test_a_mirrored_face_has_its_points_in_order():
    points = load_portraits(3)[0].landmarks
    mirrored = points[scene.MIRRORED] * (-1, 1)
    # The right eye of the person stays left of the left one in the picture.
    assert mirrored[36:42, 0].mean() < mirrored[42:48, 0].mean()
    assert mirrored[0, 0] < mirrored[16, 0]
    np.testing.assert_array_equal(scene.MIRRORED[scene.MIRRORED], np.arange(68))


def test_the_person_is_told_from_the_background():
    portrait = load_portraits(3)[0]
    alpha = background.head_alpha(portrait.image(), portrait.landmarks)
    x, y = np.rint(portrait.landmarks[30]).astype(int)
    assert alpha[y, x] == 1.0
    assert alpha[3, 3] == alpha[3, -3] == 0.0


def test_people_of_the_demos_tests_are_not_trained_on():
    splits = {p.identity: p.split for p in load_portraits()}
    trained = {p.identity for p in pool.load_pool([FOLDER])}
    kept = {p.identity for p in pool.load_pool([FOLDER], held_out=True)}
    assert trained == {who for who, split in splits.items() if split == "train"}
    assert kept == set(splits) - trained


def test_a_kept_person_is_kept_under_another_id_too(tmp_path):
    who = next(p for p in load_portraits() if p.split == "test")
    first, *rest = who.name.split()
    rows = [f'1.jpg,1,"{" ".join(rest).upper()}, {first}"', "2.jpg,2,Ada Lovelace"]
    (tmp_path / "index.csv").write_text("\n".join(["file,icpsr,name", *rows]))
    numbers = ",".join(["0"] * 136)
    head = ",".join(f"{axis}{i}" for i in range(68) for axis in "xy")
    lines = [f"file,{head}", f"1.jpg,{numbers}", f"2.jpg,{numbers}"]
    (tmp_path / "landmarks.csv").write_text("\n".join(lines))
    assert [p.identity for p in pool.load_pool([tmp_path])] == ["2"]
    assert [p.identity for p in pool.load_pool([tmp_path], held_out=True)] == ["1"]


def test_a_share_of_the_others_is_kept():
    share = np.mean([pool.is_held_out(str(i), {}) for i in range(5000)])
    assert share == pytest.approx(pool.HELD_OUT_SHARE, abs=0.01)


def test_a_folder_without_landmarks_says_how_to_make_them(tmp_path):
    (tmp_path / "index.csv").write_text("file,icpsr\na.jpg,1\n")
    with pytest.raises(FakelocError, match=r"landmarks.csv cannot be read"):
        pool.load_pool([tmp_path])
    (tmp_path / "landmarks.csv").write_text("file,x0,y0\nb.jpg,1,2\n")
    with pytest.raises(FakelocError, match=r"a.jpg has no id .*compute_landmarks"):
        pool.load_pool([tmp_path])
