"""A service whose scores can be read off the picture."""

import socket
import threading
import time
from contextlib import contextmanager

import httpx
import numpy as np

from fakeloc_tf import config
from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.inference import run_info
from fakeloc_tf.inference.detector import Detector
from fakeloc_tf.inference.finding import find_job
from fakeloc_tf.inference.settings import Settings
from fakeloc_tf.web.limits import Limits

# Small: what takes time is to look for faces.
FACE = next(p for p in load_portraits() if p.identity == "B001248").image()
FACE = FACE[60:260, 60:260]
LIMITS = Limits(max_mb=1, max_seconds=2, time_limit=60)
SETTINGS = Settings(fps=4.0, face_side=200, max_seconds=2, margin=1.3, crop_size=72)


def ask(api, data, name="a.jpg", **params):
    return httpx.post(
        f"{api.url}/v1/detect", files={"file": (name, data)}, params=params, timeout=60
    )


def read_off(crops):
    """Probability = mean red of the crop, map = red of each pixel."""
    red = crops[..., :1].astype(np.float32) / 255
    return {"probability": red.mean((1, 2)), "localization": red}


def make_detector(score=read_off, batch_size=16):
    info = run_info.from_config(config.load(None, ("prepare.crop_size=72",)))
    return Detector.of_scorer(score, info, batch_size=batch_size)


def find_slow_videos(tell, path, kind, settings):
    """`find_job` that hangs on videos; runs in a worker process."""
    if kind == "video":
        time.sleep(600)
    find_job(tell, path, kind, settings)


class Running:
    """A service that runs in a thread.

    Attributes:
        url: of it.
        service: its state.
    """

    def __init__(self, server, url):
        self.url = url
        self.server = server
        self.service = server._service

    def files(self):
        """What lies in its folder."""
        return [path for path in self.service.folder.rglob("*") if path.is_file()]

    def wait(self, condition, seconds=20):
        """Until `condition(service)` holds."""
        end = time.monotonic() + seconds
        while not condition(self.service):
            assert time.monotonic() < end
            time.sleep(0.02)


@contextmanager
def running(folder, token=None, queue=64, limits=LIMITS):
    """Serves while the block runs.

    Args:
        folder: for a file that stands in for the model.
    """
    from fakeloc_tf.web.service.server import Options, serving

    (folder / "toy.keras").write_text("toy")
    options = Options("127.0.0.1", 0, token, queue, workers=2, grace=5.0)
    with serving(
        make_detector(), folder / "toy.keras", SETTINGS, limits, options
    ) as server:
        with socket.socket() as listening:
            listening.bind(("127.0.0.1", 0))
            url = f"http://127.0.0.1:{listening.getsockname()[1]}"
            thread = threading.Thread(target=server.run, args=([listening],))
            thread.start()
            try:
                while not server.started:
                    time.sleep(0.02)
                yield Running(server, url)
            finally:
                server.stop()
                thread.join()
