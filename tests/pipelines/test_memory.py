"""Memory does not grow with the length of a video: ten minutes of 1080p as a minute."""

import os
import subprocess
import sys
from pathlib import Path

import av
import cv2
import numpy as np
import pytest

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.media.video import probe, write_video

ROOT = Path(__file__).resolve().parents[2]
SECONDS, FPS = 12, 25
BOUND_MB = 1500


def clip(path):
    """A face that moves through 1080p."""
    face = cv2.resize(load_portraits(3)[0].image(), (900, 1080))

    def frames():
        for number in range(SECONDS * FPS):
            frame = np.zeros((1080, 1920, 3), np.uint8)
            frame[:, 2 * number : 2 * number + 900] = face
            yield frame

    write_video(path, frames(), fps=FPS)


def repeat(path, out, times):
    """The packets of a video, again and again: no encoding."""
    with av.open(str(path)) as source, av.open(str(out), "w") as target:
        stream = source.streams.video[0]
        copy = target.add_stream_from_template(stream)
        length = round(SECONDS / stream.time_base)
        packets = [
            (bytes(packet), packet.pts, packet.dts, packet.is_keyframe)
            for packet in source.demux(stream)
            if packet.size
        ]
        for time in range(times):
            for data, pts, dts, keyframe in packets:
                packet = av.Packet(data)
                packet.stream, packet.time_base = copy, stream.time_base
                packet.pts, packet.dts = pts + time * length, dts + time * length
                packet.is_keyframe = keyframe
                target.mux(packet)


def peak_megabytes(video, out):
    """Of `pipelines.prepare` in a process of its own."""
    script = (
        "import sys\n"
        "from pathlib import Path\n"
        "from pipelines import prepare\n"
        "status = prepare.main(sys.argv[1:])\n"
        # Not `ru_maxrss`: that is at least what the parent had when it forked.
        "lines = Path('/proc/self/status').read_text().splitlines()\n"
        "print(*(line.split()[1] for line in lines if line.startswith('VmHWM')))\n"
        "sys.exit(status)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, "--input", str(video), "--out", str(out)]
        + ["--set=prepare.real_factor=1"],
        cwd=ROOT,
        env=os.environ | {"TF_CPP_MIN_LOG_LEVEL": "3"},
        check=True,
        capture_output=True,
        text=True,
    )
    return int(done.stdout.split()[-1]) / 1024


@pytest.mark.slow
@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="Linux only")
def test_ten_minutes_need_no_more_memory_than_one(tmp_path):
    clip(tmp_path / "clip.mp4")
    peaks = {}
    for minutes in (1, 10):
        video = tmp_path / f"{minutes}" / "real" / "person.mp4"
        video.parent.mkdir(parents=True)
        repeat(tmp_path / "clip.mp4", video, minutes * 60 // SECONDS)
        assert probe(video).frames == minutes * 60 * FPS
        peaks[minutes] = peak_megabytes(video.parents[1], tmp_path / f"out{minutes}")

    print(f"peak memory in MB by minutes of 1080p: {peaks}")
    assert peaks[10] < BOUND_MB
    assert peaks[10] < 1.1 * peaks[1]
