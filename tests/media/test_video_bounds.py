"""Videos of strangers: one file, known formats, frames and time within bounds."""

import logging
import os
import struct
import time
from fractions import Fraction

import av
import numpy as np
import pytest

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.video import (
    probe,
    read_frames,
    read_timed_frames,
    write_video,
)

HEIGHT, WIDTH = 48, 64


def level(index: int) -> int:
    return 20 + 5 * index


def flat_frames(count, height=HEIGHT, width=WIDTH):
    return [np.full((height, width, 3), level(i), np.uint8) for i in range(count)]


def encoded(
    path, frames, codec="libx264", pix_fmt="yuv420p", rate=25, times=None, options=None
):
    """Writes `frames` with any codec; `times` in milliseconds."""
    with av.open(str(path), "w") as out:
        stream = out.add_stream(codec, rate=rate, options=options or {})
        stream.height, stream.width = frames[0].shape[:2]
        stream.pix_fmt = pix_fmt
        if times:
            stream.codec_context.time_base = Fraction(1, 1000)
        for number, image in enumerate(frames):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            if times:
                frame.time_base, frame.pts = Fraction(1, 1000), times[number]
            out.mux(stream.encode(frame))
        out.mux(stream.encode())
    return path


@pytest.fixture(scope="module")
def clip(tmp_path_factory):
    path = tmp_path_factory.mktemp("bounds") / "clip.mp4"
    write_video(path, flat_frames(20), fps=12.5)
    return path


def test_probe_tells_duration_and_bits_a_pixel(clip):
    info = probe(clip)

    assert info.seconds == pytest.approx(20 / 12.5)
    with av.open(str(clip)) as container:
        size = sum(p.size for p in container.demux(video=0))
    assert info.bits_per_pixel == pytest.approx(8 * size / (20 * HEIGHT * WIDTH))


def test_a_stronger_compression_has_fewer_bits_a_pixel(tmp_path):
    rng = np.random.default_rng(0)
    frames = [rng.integers(0, 256, (HEIGHT, WIDTH, 3), np.uint8) for _ in range(4)]
    bits = []
    for crf in (20, 40):
        write_video(tmp_path / f"{crf}.mp4", frames, fps=25, crf=crf)
        bits.append(probe(tmp_path / f"{crf}.mp4").bits_per_pixel)

    assert bits[1] < bits[0] / 2


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_frames_of_a_variable_rate_come_at_their_times(tmp_path, suffix):
    times = [0, 20, 40, 200, 210, 700, 1500, 1520]
    path = encoded(tmp_path / f"a{suffix}", flat_frames(len(times)), times=times)

    found = list(read_timed_frames(path))

    assert [frame.index for frame in found] == list(range(len(times)))
    assert [1000 * frame.seconds for frame in found] == pytest.approx(times, abs=1)
    for frame in found:
        assert abs(frame.image_uint8.mean() - level(frame.index)) < 3
    assert probe(path).seconds == pytest.approx(1.52, abs=0.1)


@pytest.mark.parametrize("suffix", [".mp4", ".mkv"])
def test_the_rate_is_that_of_the_times_whatever_the_file_says(tmp_path, suffix, caplog):
    """As of a browser's recorder, whose files have the rate of their clock."""
    times = [round(33.4 * i) + i % 3 for i in range(60)]
    path = tmp_path / f"a{suffix}"
    encoded(path, flat_frames(60), times=times, rate=1000)

    info = probe(path)
    assert len(list(read_timed_frames(path))) == 60
    assert info.fps == pytest.approx(30, rel=0.05)
    assert info.seconds == pytest.approx(60 / info.fps, rel=0.05)
    assert "breaks off" not in caplog.text


def test_the_first_frame_is_at_zero_whenever_the_file_starts(tmp_path):
    times = [5000, 5040, 5080]
    path = encoded(tmp_path / "late.mkv", flat_frames(3), times=times)

    seconds = [frame.seconds for frame in read_timed_frames(path)]
    assert seconds == pytest.approx([0, 0.04, 0.08], abs=0.001)
    assert [f.seconds for f in read_timed_frames(path, [2])] == pytest.approx(
        [0.08], abs=0.001
    )


def test_reading_stops_after_the_wanted_seconds(clip):
    found = [frame.index for frame in read_timed_frames(clip, max_seconds=0.41)]

    assert found == [0, 1, 2, 3, 4, 5]


def test_timed_frames_are_written_at_their_times(tmp_path):
    times = [0, 20, 40, 200, 210, 700, 1500, 1520]
    source = encoded(tmp_path / "a.mp4", flat_frames(len(times)), times=times)

    write_video(tmp_path / "b.mp4", read_timed_frames(source), fps=25)

    again = list(read_timed_frames(tmp_path / "b.mp4"))
    assert [1000 * frame.seconds for frame in again] == pytest.approx(times, abs=1)
    assert probe(tmp_path / "b.mp4").frames == len(times)


def test_more_frames_than_allowed_are_refused(clip):
    assert probe(clip, max_frames=20).frames == 20
    with pytest.raises(FakelocError, match="more than 19 frames: cut it"):
        probe(clip, max_frames=19)


def test_a_frame_above_the_limit_is_refused(clip):
    assert probe(clip, max_pixels=HEIGHT * WIDTH).frames == 20
    for read in (probe, lambda path, **bound: list(read_frames(path, **bound))):
        with pytest.raises(FakelocError, match="clip.mp4"):
            read(clip, max_pixels=HEIGHT * WIDTH - 1)


def with_size_of_vp9(data: bytes, side: int) -> bytes:
    """The key frame of a VP9 stream, of the given side (VP9 specification, 6.2)."""
    at = data.index(b"\x49\x83\x42") - 1
    bits = "".join(f"{byte:08b}" for byte in data[at : at + 12])
    # Frame marker to error resilience 8, sync code 24, colour 4.
    bits = bits[:36] + 2 * f"{side - 1:016b}" + bits[68:]
    patched = bytes(int(bits[i : i + 8], 2) for i in range(0, len(bits), 8))
    return data[:at] + patched + data[at + 12 :]


def memory() -> int:
    """Peak of this process in bytes, since it was reset."""
    for line in open("/proc/self/status"):
        if line.startswith("VmHWM"):
            return 1024 * int(line.split()[1])
    raise AssertionError


def test_a_header_of_4_gigapixels_allocates_nothing(tmp_path):
    path = encoded(tmp_path / "a.webm", flat_frames(2), codec="libvpx-vp9")
    assert probe(path).width == WIDTH
    path.write_bytes(with_size_of_vp9(path.read_bytes(), 16_000))
    before, start = memory(), time.process_time()

    for read in (probe, lambda path: list(read_frames(path))):
        with pytest.raises(FakelocError, match="a.webm"):
            read(path)
    assert memory() - before < 100e6
    assert time.process_time() - start < 2


def test_a_size_that_changes_on_the_way_is_brought_to_the_first(tmp_path, caplog):
    """As video calls record it: VP8 in one stream, its key frames of two sizes."""
    small = encoded(tmp_path / "s.webm", flat_frames(3), codec="libvpx")
    large = encoded(tmp_path / "l.webm", flat_frames(3, 96, 128), codec="libvpx")
    path = tmp_path / "both.webm"
    with av.open(str(path), "w") as out, av.open(str(small)) as first:
        target = out.add_stream_from_template(first.streams.video[0])
        for offset, part in ((0, small), (120, large)):
            with av.open(str(part)) as source:
                for packet in source.demux(video=0):
                    if packet.size:
                        packet.pts += offset
                        packet.dts = packet.pts
                        packet.stream = target
                        out.mux(packet)

    with caplog.at_level(logging.WARNING):
        found = list(read_frames(path))

    assert [image.shape for _, image in found] == 6 * [(HEIGHT, WIDTH, 3)]
    assert abs(found[5][1].mean() - level(2)) < 4
    assert "changes its size from 64x48 to 128x96" in caplog.text


@pytest.mark.parametrize(
    "text",
    [
        "#EXTM3U\n#EXT-X-VERSION:3\n#EXTINF:1,\n{clip}\n#EXT-X-ENDLIST\n",
        "#EXTM3U\n#EXTINF:1,\nfile:{clip}\n#EXT-X-ENDLIST\n",
        "ffconcat version 1.0\nfile '{clip}'\n",
        "file '{clip}'\n",
        "concat:{clip}|{clip}",
        '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" '
        'type="static"><Period><AdaptationSet><Representation><BaseURL>{clip}'
        "</BaseURL></Representation></AdaptationSet></Period></MPD>",
        "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\n"
        "m=video 9 RTP/AVP 96\na=rtpmap:96 H264/90000\n",
        "[Reference]\nRef1={clip}\n",
    ],
    ids="hls hls-file ffconcat concat concat-url dash sdp asx".split(),
)
@pytest.mark.parametrize("suffix", [".mp4", ".m3u8", ".mkv"])
def test_a_list_of_files_opens_none_of_them(tmp_path, clip, text, suffix):
    (tmp_path / "clip.mp4").write_bytes(clip.read_bytes())
    for target in (clip, "clip.mp4"):
        path = tmp_path / f"list{suffix}"
        path.write_text(text.format(clip=target))
        with pytest.raises(FakelocError, match="list.* cannot be read as a video"):
            probe(path)


def test_names_that_ffmpeg_reads_as_something_else_are_names(tmp_path, clip):
    """A pattern of numbers, a protocol, a list of files."""
    for name in ("a%03d.mp4", "concat:b.mp4", "pipe:0", "-i.mp4", "http:x"):
        (tmp_path / name).write_bytes(clip.read_bytes())
        assert probe(tmp_path / name).frames == 20
    (tmp_path / "img001.jpg").write_bytes(b"\xff\xd8\xff")
    with pytest.raises(FakelocError, match=r"img%03d\.jpg cannot be read"):
        probe(tmp_path / "img%03d.jpg")


def test_pictures_and_other_formats_are_no_videos(tmp_path):
    frame = av.VideoFrame.from_ndarray(flat_frames(1)[0], format="rgb24")
    frame.to_image().save(tmp_path / "a.png")
    (tmp_path / "a.png").rename(tmp_path / "a.mp4")
    encoded(tmp_path / "b.ts", flat_frames(3))

    for name in ("a.mp4", "b.ts"):
        with pytest.raises(FakelocError, match="as a video: it is none of MP4, MOV"):
            probe(tmp_path / name)


def test_pipes_devices_and_folders_are_no_videos(tmp_path):
    os.mkfifo(tmp_path / "pipe.mp4")
    (tmp_path / "zero.mp4").symlink_to("/dev/zero")
    (tmp_path / "folder.mp4").mkdir()
    start = time.process_time()

    for name in ("pipe.mp4", "zero.mp4", "folder.mp4"):
        with pytest.raises(FakelocError, match=f"{name} is not a regular file"):
            probe(tmp_path / name)
    assert time.process_time() - start < 1


def add_cover(out, width=32):
    """A PNG as cover picture: FFmpeg calls it a video stream."""
    stream = out.add_stream("png", rate=1)
    stream.width = stream.height = width
    stream.pix_fmt = "rgb24"
    stream.disposition = av.stream.Disposition.attached_pic
    return stream


@pytest.mark.parametrize("with_video", [True, False])
def test_a_cover_picture_is_not_the_video(tmp_path, with_video):
    path = tmp_path / "album.mp4"
    with av.open(str(path), "w") as out:
        cover = add_cover(out)
        if with_video:
            video = out.add_stream("libx264", rate=25)
            video.height, video.width, video.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        red = np.full((32, 32, 3), (255, 0, 0), np.uint8)
        out.mux(cover.encode(av.VideoFrame.from_ndarray(red, format="rgb24")))
        for image in flat_frames(4) if with_video else []:
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            out.mux(video.encode(frame))
        if with_video:
            out.mux(video.encode())

    if with_video:
        info = probe(path)
        assert (info.frames, info.width) == (4, WIDTH)
    else:
        with pytest.raises(FakelocError, match="no video stream"):
            probe(path)


@pytest.fixture
def usual_priority():
    """SVT-AV1 gives the thread that encodes, and so its children, real-time priority
    where it may (as root): all other processes would wait for them."""
    yield
    if hasattr(os, "sched_setscheduler"):
        for task in os.listdir("/proc/self/task"):
            os.sched_setscheduler(int(task), os.SCHED_OTHER, os.sched_param(0))


@pytest.mark.parametrize(
    ("codec", "pix_fmt", "suffix", "options"),
    [
        ("libx265", "yuv420p10le", ".mp4", {"x265-params": "log-level=none"}),
        ("libx264", "yuv420p", ".mp4", {"flags": "+ildct+ilme", "x264opts": "tff=1"}),
        ("libx264", "yuv444p", ".mov", {}),
        ("prores", "yuv422p10le", ".mov", {}),
        ("mjpeg", "yuvj420p", ".avi", {}),
        ("mpeg4", "yuv420p", ".avi", {"bf": "2"}),
        ("libvpx-vp9", "yuva420p", ".webm", {}),
        ("libsvtav1", "yuv420p10le", ".mkv", {}),
        ("wmv2", "yuv420p", ".wmv", {}),
    ],
)
def test_depths_layouts_and_codecs_of_all_kinds_are_read(
    tmp_path, usual_priority, codec, pix_fmt, suffix, options
):
    count = 6
    path = encoded(
        tmp_path / f"a{suffix}",
        flat_frames(count, 64, 96),
        codec=codec,
        pix_fmt=pix_fmt,
        options=options,
    )

    info = probe(path)
    found = list(read_timed_frames(path))

    assert (info.frames, info.height, info.width) == (count, 64, 96)
    assert [frame.index for frame in found] == list(range(count))
    for frame in found:
        assert frame.image_uint8.shape == (64, 96, 3)
        assert abs(frame.image_uint8.mean() - level(frame.index)) < 6
        assert frame.seconds == pytest.approx(frame.index / 25, abs=0.021)


def test_odd_sides_come_as_they_are(tmp_path):
    path = encoded(
        tmp_path / "odd.mkv", flat_frames(2, 33, 47), codec="ffv1", pix_fmt="yuv444p"
    )

    ((_, image), _) = read_frames(path)
    assert image.shape == (33, 47, 3)


def test_a_count_of_thousands_of_millions_of_frames_is_not_believed(tmp_path, clip):
    """The table of sizes says: 4 thousand million frames of one byte."""
    data = bytearray(clip.read_bytes())
    at = data.index(b"stsz")
    struct.pack_into(">II", data, at + 8, 1, 0xFFFFFFFF)
    path = tmp_path / "endless.mp4"
    path.write_bytes(data)
    before, start = memory(), time.process_time()

    try:
        probe(path)
    except FakelocError:
        pass
    assert time.process_time() - start < 5
    assert memory() - before < 500e6


def test_a_stream_without_frames_is_refused(tmp_path):
    path = tmp_path / "none.mkv"
    with av.open(str(path), "w") as out:
        stream = out.add_stream("libx264", rate=25)
        stream.height, stream.width, stream.pix_fmt = HEIGHT, WIDTH, "yuv420p"
        out.start_encoding()

    with pytest.raises(FakelocError, match=r"none\.mkv"):
        probe(path)


def test_a_time_that_damage_made_is_made_up(tmp_path):
    """One frame is said to come 30 years late."""
    times = [0, 40, 80, 1_000_000_000_000]
    path = encoded(tmp_path / "leap.mkv", flat_frames(4), times=times)

    found = [frame.seconds for frame in read_timed_frames(path)]

    assert found == pytest.approx([0, 0.04, 0.08, 0.12], abs=0.001)
    assert probe(path).seconds == pytest.approx(4 / 25)
    write_video(tmp_path / "out.mp4", read_timed_frames(path), fps=25)
    assert probe(tmp_path / "out.mp4").frames == 4
