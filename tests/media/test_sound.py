"""Sound of overlays: copied where browsers play it, else AAC; never a failure."""

import logging
from fractions import Fraction

import av
import numpy as np
import pytest

from fakeloc_tf.media.video import read_frames, write_video

RATE, SIZE = 25, (48, 64)


def frames(count=50):
    return [np.full((*SIZE, 3), 20 + index, np.uint8) for index in range(count)]


def with_sound(
    path, codec, seconds=2.0, sample_rate=48_000, layout="stereo", late=0.0, start=0.0
):
    """A video of 2 seconds with a beep from `late` on; its clock starts at `start`."""
    video_codec = "libvpx" if path.suffix == ".webm" else "mpeg4"
    with av.open(str(path), "w") as out:
        video = out.add_stream(video_codec, rate=RATE)
        video.height, video.width = SIZE
        video.pix_fmt = "yuv420p"
        video.codec_context.time_base = Fraction(1, RATE)
        options = {"strict": "-2"} if codec == "vorbis" else {}
        sound = out.add_stream(codec, rate=sample_rate, layout=layout, options=options)
        for index, image in enumerate(frames()):
            frame = av.VideoFrame.from_ndarray(image, format="rgb24")
            frame.pts, frame.time_base = index + round(start * RATE), Fraction(1, RATE)
            out.mux(video.encode(frame))
        out.mux(video.encode())
        count = round(seconds * sample_rate)
        times = np.arange(count) / sample_rate
        wave = 0.5 * np.sin(2 * np.pi * 440 * times) * (times >= late)
        channels = len(av.AudioLayout(layout).channels)
        samples = np.tile(wave.astype(np.float32), (channels, 1))
        sound_format = sound.codec_context.format.name
        resampler = av.AudioResampler(
            sound_format, layout, sample_rate, sound.codec_context.frame_size or 1024
        )
        frame = av.AudioFrame.from_ndarray(samples, format="fltp", layout=layout)
        frame.sample_rate, frame.pts = sample_rate, round(start * sample_rate)
        frame.time_base = Fraction(1, sample_rate)
        for part in [*resampler.resample(frame), *resampler.resample(None)]:
            out.mux(sound.encode(part))
        out.mux(sound.encode())
    return path


def heard(path):
    """(codec, samples at 48 kHz of the first channel) of the sound of a video."""
    with av.open(str(path)) as container:
        stream = container.streams.audio[0]
        resampler = av.AudioResampler("fltp", stream.layout, 48_000)
        parts = [
            part.to_ndarray()[0]
            for frame in container.decode(stream)
            for part in resampler.resample(frame)
        ]
        return stream.codec_context.codec.canonical_name, np.concatenate(parts)


def has_sound(path):
    with av.open(str(path)) as container:
        return bool(container.streams.audio)


@pytest.mark.parametrize(
    ("suffix", "codec", "expected"),
    [
        (".mp4", "aac", "aac"),
        (".mp4", "libmp3lame", "mp3"),
        (".mkv", "aac", "aac"),
        (".webm", "libopus", "aac"),
        (".mkv", "vorbis", "aac"),
        (".avi", "pcm_s16le", "aac"),
        (".mov", "pcm_s16be", "aac"),
        (".mkv", "flac", "aac"),
        (".mkv", "ac3", "aac"),
    ],
)
def test_sound_of_every_kind_is_kept(tmp_path, suffix, codec, expected):
    source = with_sound(tmp_path / f"source{suffix}", codec)

    write_video(tmp_path / "out.mp4", frames(), fps=RATE, audio_from=source)

    name, samples = heard(tmp_path / "out.mp4")
    assert name == expected
    assert len(samples) / 48_000 == pytest.approx(2.0, abs=0.1)
    middle = samples[24_000:72_000]
    # 440 Hz: as many crossings of zero, at about the loudness it had.
    assert np.count_nonzero(np.diff(np.sign(middle))) == pytest.approx(880, abs=15)
    assert np.sqrt(np.mean(middle**2)) == pytest.approx(0.35, abs=0.06)
    assert len(list(read_frames(tmp_path / "out.mp4"))) == 50


def packets(path):
    with av.open(str(path)) as container:
        return [bytes(p) for p in container.demux(audio=0) if p.size]


def test_aac_is_copied_byte_for_byte(tmp_path):
    source = with_sound(tmp_path / "source.mp4", "aac")
    write_video(tmp_path / "out.mp4", frames(), fps=RATE, audio_from=source)

    copied = packets(tmp_path / "out.mp4")
    assert len(copied) > 80
    assert copied == packets(source)[: len(copied)]


@pytest.mark.parametrize(("codec", "suffix"), [("aac", ".mp4"), ("libopus", ".webm")])
def test_sound_ends_with_the_frames(tmp_path, codec, suffix):
    source = with_sound(tmp_path / f"source{suffix}", codec)

    write_video(tmp_path / "out.mp4", frames(25), fps=RATE, audio_from=source)

    _, samples = heard(tmp_path / "out.mp4")
    assert len(samples) / 48_000 == pytest.approx(1.0, abs=0.06)


@pytest.mark.parametrize(
    ("codec", "suffix"), [("aac", ".mkv"), ("pcm_s16le", ".mkv"), ("libopus", ".mkv")]
)
def test_sound_stays_with_the_pictures_of_a_clock_that_starts_late(
    tmp_path, codec, suffix
):
    source = with_sound(tmp_path / f"source{suffix}", codec, late=1.0, start=7.0)

    write_video(tmp_path / "out.mp4", frames(), fps=RATE, audio_from=source)

    _, samples = heard(tmp_path / "out.mp4")
    begins = np.flatnonzero(np.abs(samples) > 0.2)[0] / 48_000
    assert begins == pytest.approx(1.0, abs=0.05)


@pytest.mark.parametrize("sample_rate", [8_000, 44_100, 96_000])
@pytest.mark.parametrize("layout", ["mono", "stereo", "5.1"])
def test_rates_and_channels_that_aac_lacks_are_brought_to_those_it_has(
    tmp_path, sample_rate, layout
):
    source = tmp_path / "source.mov"
    with_sound(source, "pcm_s16le", sample_rate=sample_rate, layout=layout)

    write_video(tmp_path / "out.mp4", frames(), fps=RATE, audio_from=source)

    _, samples = heard(tmp_path / "out.mp4")
    assert len(samples) / 48_000 == pytest.approx(2.0, abs=0.1)
    middle = samples[24_000:72_000]
    assert np.count_nonzero(np.diff(np.sign(middle))) == pytest.approx(880, abs=15)


def test_a_video_without_sound_gives_one_without(tmp_path, caplog):
    write_video(tmp_path / "source.mp4", frames(), fps=RATE)
    write_video(
        tmp_path / "out.mp4", frames(), fps=RATE, audio_from=tmp_path / "source.mp4"
    )

    assert not has_sound(tmp_path / "out.mp4")
    assert not caplog.text


@pytest.mark.parametrize("content", [None, b"", b"no video"])
def test_a_source_that_cannot_be_read_gives_a_warning(tmp_path, caplog, content):
    if content is not None:
        (tmp_path / "source.mp4").write_bytes(content)

    with caplog.at_level(logging.WARNING):
        write_video(
            tmp_path / "out.mp4", frames(), fps=RATE, audio_from=tmp_path / "source.mp4"
        )
    assert not has_sound(tmp_path / "out.mp4")
    assert len(list(read_frames(tmp_path / "out.mp4"))) == 50
    assert "its sound is left out" in caplog.text


@pytest.mark.parametrize("codec", ["flac", "libopus", "ac3"])
def test_sound_that_cannot_be_decoded_leaves_the_video_whole(tmp_path, caplog, codec):
    source = with_sound(tmp_path / "source.mkv", codec)
    data = bytearray(source.read_bytes())
    with av.open(str(source)) as container:
        for packet in container.demux(audio=0):
            if packet.size:
                at = data.find(bytes(packet))
                data[at : at + packet.size] = bytes(packet.size)
    source.write_bytes(data)

    with caplog.at_level(logging.WARNING):
        write_video(tmp_path / "out.mp4", frames(), fps=RATE, audio_from=source)

    assert len(list(read_frames(tmp_path / "out.mp4"))) == 50
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out.mp4", "source.mkv"]


def test_the_same_sound_gives_the_same_bytes(tmp_path):
    source = with_sound(tmp_path / "source.webm", "libopus")
    for name in ("a.mp4", "b.mp4"):
        write_video(tmp_path / name, frames(), fps=RATE, audio_from=source)

    assert (tmp_path / "a.mp4").read_bytes() == (tmp_path / "b.mp4").read_bytes()
