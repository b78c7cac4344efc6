"""A picture as a codec gives it back: a JPEG, or a key frame of an H.264 video."""

from __future__ import annotations

from fractions import Fraction

import av
import numpy as np

from fakeloc_tf.media.images import decode_image, encode_jpeg


def jpeg_frame(image_uint8: np.ndarray, quality: int) -> np.ndarray:
    """uint8 [H, W, 3] RGB through JPEG; quality 1..100."""
    return decode_image(encode_jpeg(image_uint8, quality), "a JPEG made in memory")


def h264_frame(
    image_uint8: np.ndarray, crf: int, preset: str = "medium", **options: str
) -> np.ndarray:
    """What x264 leaves of a picture that is coded as a clip of one frame.

    A clip that repeats it would flatter: x264 spends more on a frame that others are
    predicted from (`mbtree`), and eight copies come out 1.6 to 3.0 dB better than one
    at CRF 18 to 45. So it is one key frame: no better than a video's, but without its
    motion.

    Args:
        image_uint8: [H, W, 3] RGB; an odd side is padded for coding and cut again.
        crf: constant rate factor, 0..51; 4:2:0.
        preset: x264's.
        **options: others of x264, such as `tune`.
    """
    height, width = image_uint8.shape[:2]
    even = np.pad(image_uint8, ((0, height % 2), (0, width % 2), (0, 0)), "edge")
    encoder = av.CodecContext.create("libx264", "w")
    encoder.width, encoder.height = even.shape[1], even.shape[0]
    encoder.pix_fmt, encoder.time_base = "yuv420p", Fraction(1, 25)
    # x264's result depends on the number of threads.
    encoder.thread_count = 1
    encoder.options = {"crf": str(crf), "preset": preset, "threads": "1"} | options
    frame = av.VideoFrame.from_ndarray(np.ascontiguousarray(even), format="rgb24")
    packets = [*encoder.encode(frame), *encoder.encode(None)]
    decoder = av.CodecContext.create("h264", "r")
    decoder.thread_count = 1
    frames = [f for packet in packets for f in decoder.decode(packet)]
    frames += decoder.decode(None)
    return frames[0].to_ndarray(format="rgb24")[:height, :width]


def quick_h264_frame(image_uint8: np.ndarray, crf: int) -> np.ndarray:
    """`h264_frame` for training, where time matters more than the choice of modes."""
    return h264_frame(image_uint8, crf, "veryfast", tune="zerolatency")
