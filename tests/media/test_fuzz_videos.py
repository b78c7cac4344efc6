"""Damaged videos: frames or a `FakelocError`, within seconds, nothing else."""

import itertools
import time
from functools import cache

import av
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from mutations import mutated, mutations, places

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.video import probe, read_timed_frames, write_video

LIMIT_SECONDS = 10
MAX_PIXELS = 1_000_000
MAX_FRAMES = 5_000
KINDS = [
    (".mp4", "libx264", "aac"),
    (".mov", "mpeg4", "pcm_s16le"),
    (".mkv", "libx264", "flac"),
    (".webm", "libvpx", "libopus"),
    (".avi", "mjpeg", "pcm_s16le"),
    (".wmv", "wmv2", "wmav2"),
]


@cache
def seeds(folder) -> list[bytes]:
    """A small valid file of each kind, with sound."""
    rng = np.random.default_rng(0)
    images = [rng.integers(0, 256, (32, 48, 3), np.uint8) for _ in range(6)]
    return [_encoded(folder / f"seed{kind[0]}", images, *kind[1:]) for kind in KINDS]


def _encoded(path, images, codec, sound_codec) -> bytes:
    with av.open(str(path), "w") as out:
        video = out.add_stream(codec, rate=25, options={"g": "3"})
        video.height, video.width = images[0].shape[:2]
        video.pix_fmt = "yuvj420p" if codec == "mjpeg" else "yuv420p"
        sound = out.add_stream(sound_codec, rate=48_000, layout="mono")
        sound.codec_context.bit_rate = 64_000
        for image in images:
            out.mux(video.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(video.encode())
        resampler = av.AudioResampler(
            sound.codec_context.format.name,
            "mono",
            48_000,
            sound.codec_context.frame_size or 1024,
        )
        wave = np.sin(np.arange(12_000) / 9).astype(np.float32)[None]
        frame = av.AudioFrame.from_ndarray(wave, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 48_000, 0
        for part in resampler.resample(frame):
            out.mux(sound.encode(part))
        out.mux(sound.encode())
    return path.read_bytes()


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    return tmp_path_factory.mktemp("fuzz")


def attempt(work) -> None:
    try:
        work()
    except FakelocError as error:
        assert "fuzz.mp4" in str(error)


def read(path) -> None:
    last, size = -1.0, None
    frames = read_timed_frames(path, max_pixels=MAX_PIXELS)
    for frame in itertools.islice(frames, 200):
        assert frame.seconds >= last
        assert size in (None, frame.image_uint8.shape)
        assert frame.image_uint8.dtype == np.uint8
        last, size = frame.seconds, frame.image_uint8.shape


def look(path) -> None:
    info = probe(path, max_frames=MAX_FRAMES, max_pixels=MAX_PIXELS)
    assert 0 <= info.frames <= MAX_FRAMES
    assert info.fps > 0 and info.seconds >= 0
    assert 0 < info.width * info.height <= MAX_PIXELS


def check(folder, data: bytes, with_sound: bool) -> None:
    path = folder / "fuzz.mp4"
    path.write_bytes(data)
    start = time.process_time()
    attempt(lambda: look(path))
    attempt(lambda: read(path))
    if with_sound:
        images = 6 * [np.zeros((32, 48, 3), np.uint8)]
        write_video(folder / "out.mp4", images, 25, audio_from=path, preset="ultrafast")
        assert probe(folder / "out.mp4").frames == 6
    assert time.process_time() - start < LIMIT_SECONDS


numbers = st.integers(0, len(KINDS) - 1)
damaged = given(
    numbers, mutations(), numbers, st.one_of(st.just(0.0), places()), st.booleans()
)
quiet = {"deadline": None, "suppress_health_check": list(HealthCheck)}


def damage(folder, number, changes, other, splice, with_sound):
    files = seeds(folder)
    data = mutated(files[number], changes, files[other], splice)
    check(folder, data, with_sound)


def test_every_seed_is_a_video_with_sound(folder):
    for data in seeds(folder):
        path = folder / "whole.mp4"
        path.write_bytes(data)
        assert probe(path).frames == 6
        write_video(folder / "out.mp4", 6 * [np.zeros((32, 48, 3), np.uint8)], 25)


@settings(max_examples=150, **quiet)
@damaged
def test_150_damaged_videos(folder, number, changes, other, splice, with_sound):
    damage(folder, number, changes, other, splice, with_sound)


@pytest.mark.slow
@settings(max_examples=10_000, **quiet)
@damaged
def test_10_000_damaged_videos(folder, number, changes, other, splice, with_sound):
    damage(folder, number, changes, other, splice, with_sound)
