"""A picture as a codec gives it back: a JPEG, or a frame of an H.264 video."""

from __future__ import annotations

from fractions import Fraction

import av
import cv2
import numpy as np

from fakeloc_tf.media.images import encode_jpeg


def jpeg_frame(image_uint8: np.ndarray, quality: int) -> np.ndarray:
    """uint8 [H, W, 3] RGB through JPEG; quality 1..100."""
    data = np.frombuffer(encode_jpeg(image_uint8, quality), np.uint8)
    return cv2.cvtColor(cv2.imdecode(data, cv2.IMREAD_COLOR), cv2.COLOR_BGR2RGB)


def x264_frame(image_uint8: np.ndarray, crf: int) -> np.ndarray:
    """uint8 [H, W, 3] RGB as the first frame of an x264 video; crf 0 (lossless) to 51.

    Odd sides grow by a copy of the last row or column, which is cut off again.
    """
    height, width = image_uint8.shape[:2]
    even = np.pad(image_uint8, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = even.shape[1], even.shape[0]
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
    encoder.thread_count = 1
    encoder.options = {"crf": str(crf), "preset": "veryfast", "tune": "zerolatency"}
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    frames = [f for packet in packets for f in decoder.decode(packet)]
    frames += decoder.decode(None)
    return frames[0].to_ndarray(format="rgb24")[:height, :width]
