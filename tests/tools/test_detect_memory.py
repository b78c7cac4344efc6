"""The memory of detection does not grow with the length of a video."""

import itertools

import cv2
import pytest
import toy_run
from bench_detect import moving_portrait
from process_cost import run_measured

from fakeloc_tf.media.video import FAST_PRESET, write_video


@pytest.mark.slow
def test_ten_times_the_length_takes_the_same_memory(tmp_path):
    run = toy_run.make_run(tmp_path / "run")
    size, megabytes = (640, 360), []
    frames = [cv2.resize(frame, size) for frame in moving_portrait(2)]
    for seconds in (30, 300):
        video = tmp_path / f"{seconds}.mp4"
        endless = itertools.islice(itertools.cycle(frames), 24 * seconds)
        write_video(video, endless, 24.0, preset=FAST_PRESET)
        call = ["-m", "fakeloc_tf.cli", "detect", str(video), "--model", str(run)]
        out = tmp_path / f"out{seconds}"
        megabytes.append(run_measured([*call, "--out", str(out)]).megabytes)
    # The rows of 1,080 more frames are a few MB; as pictures they would be 700.
    assert megabytes[1] < megabytes[0] + 60
