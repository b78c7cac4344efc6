"""Videos: every frame in its place, turned as it is shown; damage is told."""

import logging
import struct
from fractions import Fraction

import av
import numpy as np
import pytest

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.video import probe, read_frames, write_video

FRAMES, HEIGHT, WIDTH = 40, 48, 64


def level(index: int) -> int:
    """Grey of the frame `index`: neighbours differ by more than compression does."""
    return 20 + 5 * index


def flat_frames(count: int = FRAMES, height: int = HEIGHT, width: int = WIDTH):
    return [np.full((height, width, 3), level(i), np.uint8) for i in range(count)]


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("video") / "clip.mp4"
    write_video(path, flat_frames(), fps=12.5)
    return path


def test_probe_counts_frames_and_reads_rate_and_size(clip):
    info = probe(clip)

    assert (info.frames, info.fps) == (FRAMES, 12.5)
    assert (info.height, info.width) == (HEIGHT, WIDTH)


def test_all_frames_come_in_order(clip):
    found = list(read_frames(clip))

    assert [index for index, _ in found] == list(range(FRAMES))
    for index, image in found:
        assert image.dtype == np.uint8
        assert image.shape == (HEIGHT, WIDTH, 3)
        assert abs(image.mean() - level(index)) < 2


def test_wanted_frames_are_those_and_no_others(clip):
    found = list(read_frames(clip, [3, 17, 39]))

    assert [index for index, _ in found] == [3, 17, 39]
    for index, image in found:
        assert abs(image.mean() - level(index)) < 2


def test_a_frame_beyond_the_end_does_not_come(clip):
    assert [index for index, _ in read_frames(clip, [38, 100])] == [38]


def test_a_negative_frame_is_refused(clip):
    with pytest.raises(ValueError, match="Received: -1"):
        list(read_frames(clip, [-1]))


def test_a_reader_that_is_left_early_lets_go_of_the_file(clip):
    frames = read_frames(clip)
    next(frames)
    frames.close()

    assert probe(clip).frames == FRAMES


def test_odd_sides_grow_by_a_copy_of_the_last_row_and_column(tmp_path):
    write_video(tmp_path / "odd.mp4", flat_frames(3, 33, 47), fps=25)

    (_, image), *_ = read_frames(tmp_path / "odd.mp4")
    assert image.shape == (34, 48, 3)
    assert np.ptp(image) < 4


def test_the_same_frames_give_the_same_bytes(clip, tmp_path):
    write_video(tmp_path / "again.mp4", flat_frames(), fps=12.5)

    assert (tmp_path / "again.mp4").read_bytes() == clip.read_bytes()


def test_a_higher_crf_makes_a_smaller_file(tmp_path):
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8) for _ in range(4)]
    for crf in (10, 40):
        write_video(tmp_path / f"{crf}.mp4", frames, fps=25, crf=crf)

    fine, coarse = ((tmp_path / f"{crf}.mp4").stat().st_size for crf in (10, 40))
    assert coarse < fine / 2


def quarter_turned(mp4: bytes) -> bytes:
    """The MP4 with a track header that tells players to turn it by 90° clockwise."""
    one = 0x00010000
    plain = struct.pack(">9i", one, 0, 0, 0, one, 0, 0, 0, 0x40000000)
    turned = struct.pack(">9i", 0, one, 0, -one, 0, 0, 0, 0, 0x40000000)
    track = mp4.index(b"tkhd")
    assert plain in mp4[track : track + 100]
    return mp4[:track] + mp4[track:].replace(plain, turned, 1)


def test_a_phone_video_is_turned_as_players_show_it(tmp_path):
    top_bright = np.zeros((HEIGHT, WIDTH, 3), np.uint8)
    top_bright[: HEIGHT // 2] = 200
    write_video(tmp_path / "plain.mp4", [top_bright] * 3, fps=25)
    turned = tmp_path / "turned.mp4"
    turned.write_bytes(quarter_turned((tmp_path / "plain.mp4").read_bytes()))

    info = probe(turned)
    (_, image), *_ = read_frames(turned)

    assert (info.height, info.width) == image.shape[:2] == (WIDTH, HEIGHT)
    # Turned clockwise, what was above is on the right.
    assert image[:, HEIGHT // 2 + 4 :].min() > 150
    assert image[:, : HEIGHT // 2 - 4].max() < 50


def write_mkv(path, frames):
    """Matroska: unlike MP4 it can be read from the start when its end is missing."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25, options={"g": "5", "bf": "0"})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = "yuv420p"
        for image in frames:
            out.mux(stream.encode(av.VideoFrame.from_ndarray(image, format="rgb24")))
        out.mux(stream.encode())


def write_mp4(path, frames, times=None, pix_fmt="yuv420p"):
    """Frames at the given times in milliseconds; without, 40 apart."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt
        stream.codec_context.time_base = Fraction(1, 1000)
        if pix_fmt == "gray":
            # Converted from RGB it has the full range, which the file must say.
            stream.codec_context.color_range = 2
        for number, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.time_base = Fraction(1, 1000)
            frame.pts = times[number] if times else 40 * number
            out.mux(stream.encode(frame))
        out.mux(stream.encode())


def test_a_variable_frame_rate_loses_and_doubles_no_frame(tmp_path):
    """As phones write it: players would fill the gaps with copies."""
    times = [0, 20, 40, 200, 210, 700, 1500, 1520]
    write_mp4(tmp_path / "phone.mp4", flat_frames(len(times)), times)

    found = list(read_frames(tmp_path / "phone.mp4"))

    assert probe(tmp_path / "phone.mp4").frames == len(found) == len(times)
    for index, image in found:
        assert abs(image.mean() - level(index)) < 2


def test_a_greyscale_video_comes_as_rgb(tmp_path):
    write_mp4(tmp_path / "grey.mp4", flat_frames(4), pix_fmt="gray")

    for index, image in read_frames(tmp_path / "grey.mp4"):
        assert image.shape == (HEIGHT, WIDTH, 3)
        assert np.ptp(image.mean(axis=(0, 1))) < 1
        assert abs(image.mean() - level(index)) < 2


def test_a_4k_video_comes_whole(tmp_path):
    write_video(tmp_path / "4k.mp4", flat_frames(2, 2160, 3840), fps=25)

    info = probe(tmp_path / "4k.mp4")
    (_, image), *_ = read_frames(tmp_path / "4k.mp4")
    assert (info.height, info.width) == image.shape[:2] == (2160, 3840)


def test_a_truncated_video_gives_what_it_has_and_says_so(tmp_path, caplog):
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8) for _ in range(30)]
    path = tmp_path / "cut.mkv"
    write_mkv(path, frames)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])

    with caplog.at_level(logging.WARNING):
        info = probe(path)
        found = list(read_frames(path))

    assert caplog.text.count("cut.mkv breaks off") == 2
    assert 5 < info.frames < 25
    assert abs(len(found) - info.frames) <= 1


def test_a_damaged_frame_ends_the_video_with_a_warning(tmp_path, caplog):
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8) for _ in range(30)]
    write_video(tmp_path / "whole.mp4", frames, fps=25)
    data = bytearray((tmp_path / "whole.mp4").read_bytes())
    start, end = data.index(b"mdat"), data.index(b"moov")
    middle = slice((start + end) // 2, (start + 3 * end) // 4)
    data[middle] = bytes(middle.stop - middle.start)
    path = tmp_path / "damaged.mp4"
    path.write_bytes(data)

    with caplog.at_level(logging.WARNING):
        found = list(read_frames(path))

    assert 0 < len(found) < 30
    assert "damaged.mp4 is damaged" in caplog.text
    assert f"breaks off: {len(found)} of 30 frames" in caplog.text


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"not a video at all", "cannot be read as a video"),
    ],
)
def test_what_is_no_video_is_refused_by_name(tmp_path, content, words):
    path = tmp_path / "bad.mp4"
    path.write_bytes(content)

    for read in (probe, lambda p: list(read_frames(p))):
        with pytest.raises(FakelocError, match=rf"bad\.mp4 {words}"):
            read(path)


def test_an_mp4_without_its_end_is_refused_by_name(clip, tmp_path):
    # The index of an MP4 stands at its end.
    path = tmp_path / "cut.mp4"
    path.write_bytes(clip.read_bytes()[: clip.stat().st_size // 2])

    with pytest.raises(FakelocError, match=r"cut\.mp4 cannot be read as a video"):
        probe(path)


def test_a_missing_video_and_one_of_sound_only_are_refused(tmp_path):
    with av.open(str(tmp_path / "sound.mp4"), "w") as out:
        stream = out.add_stream("aac", rate=8000)
        silence = np.zeros((1, 1024), np.float32)
        frame = av.AudioFrame.from_ndarray(silence, format="fltp", layout="mono")
        frame.sample_rate, frame.pts = 8000, 0
        out.mux(stream.encode(frame))
        out.mux(stream.encode())

    with pytest.raises(FakelocError, match=r"gone\.mp4 cannot be read"):
        probe(tmp_path / "gone.mp4")
    with pytest.raises(FakelocError, match="no video stream"):
        probe(tmp_path / "sound.mp4")


def test_names_with_colons_spaces_and_accents_work(tmp_path):
    path = tmp_path / "été: 1 %d.mp4"
    write_video(path, flat_frames(2), fps=25)

    assert probe(path).frames == 2


def test_a_playlist_that_calls_itself_mp4_opens_nothing_else(tmp_path, clip):
    playlist = tmp_path / "list.mp4"
    playlist.write_text(f"#EXTM3U\n#EXTINF:1,\nhttp://127.0.0.1:9/{clip.name}\n")

    with pytest.raises(FakelocError, match=r"list\.mp4"):
        probe(playlist)


def test_a_video_that_fails_half_way_leaves_nothing(tmp_path):
    def frames():
        yield from flat_frames(2)
        raise RuntimeError("the camera fell")

    with pytest.raises(RuntimeError, match="camera"):
        write_video(tmp_path / "half.mp4", frames(), fps=25)
    with pytest.raises(ValueError, match="one size"):
        write_video(
            tmp_path / "half.mp4", flat_frames(1) + flat_frames(1, 32, 32), fps=25
        )
    with pytest.raises(FakelocError, match="no frames"):
        write_video(tmp_path / "none.mp4", [], fps=25)
    assert list(tmp_path.iterdir()) == []
