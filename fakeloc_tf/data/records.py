"""THE tf.Example contract of a prepared face: the one place that writes and reads it.

| feature | type | what |
|---|---|---|
| image/encoded | bytes | PNG, uint8 RGB [S, S, 3], the face crop |
| mask/encoded | bytes | PNG, uint8 [S, S], 0 or 255 = manipulated |
| noise/encoded | bytes | PNG, uint8 [S, S], round(4·|W|) (`fakeloc_tf.noise`) |
| mask/valid | int64 | 0 where a fake has no usable mask (left out of L_b) |
| label | int64 | 0 real, 1 fake |
| method | int64 | index into the data set's class list; 0 = pristine |
| dataset, video_id, quality, split | bytes | UTF-8 |
| identities | bytes list | UTF-8, the people in the picture |
| frame | int64 | index of the frame in its video; 0 for a picture |
| repeat | int64 | 0, or n for the n-th copy of the face, which balances the classes |
| crop_box | float list | left, top, right, bottom in pixels of the source frame |
| face_score | float | the face detector's score |
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.media.images import decode_png, encode_png

if TYPE_CHECKING:
    import tensorflow as tf

SPLITS = ("train", "val", "test")


@dataclass(frozen=True)
class FaceRecord:
    """One prepared face.

    Attributes:
        image_uint8: uint8 [S, S, 3], RGB crop.
        mask_uint8: uint8 [S, S], 0 or 255 = manipulated; all 0 for a real face.
        noise_uint8: uint8 [S, S], round(4·|W|).
        mask_valid: False for a fake without a usable mask.
        label: 0 real, 1 fake.
        method: index into the data set's class list, 0 = pristine.
        crop_box: left, top, right, bottom in pixels of the source frame.
        repeat: 0, or n for the n-th copy of the same face.
    """

    image_uint8: np.ndarray
    mask_uint8: np.ndarray
    noise_uint8: np.ndarray
    mask_valid: bool
    label: int
    method: int
    dataset: str
    video_id: str
    frame: int
    identities: tuple[str, ...]
    quality: str
    split: str
    crop_box: tuple[float, float, float, float]
    face_score: float
    repeat: int = 0


def encode(record: FaceRecord) -> bytes:
    """Serialises a record as a `tf.train.Example`."""
    import tensorflow as tf

    def raw(*values: bytes) -> tf.train.Feature:
        return tf.train.Feature(bytes_list=tf.train.BytesList(value=values))

    def text(*values: str) -> tf.train.Feature:
        return raw(*(value.encode() for value in values))

    def integer(value: int) -> tf.train.Feature:
        return tf.train.Feature(int64_list=tf.train.Int64List(value=[int(value)]))

    def real(*values: float) -> tf.train.Feature:
        return tf.train.Feature(float_list=tf.train.FloatList(value=values))

    features = {
        "image/encoded": raw(encode_png(record.image_uint8)),
        "mask/encoded": raw(encode_png(record.mask_uint8)),
        "noise/encoded": raw(encode_png(record.noise_uint8)),
        "mask/valid": integer(record.mask_valid),
        "label": integer(record.label),
        "method": integer(record.method),
        "dataset": text(record.dataset),
        "video_id": text(record.video_id),
        "frame": integer(record.frame),
        "repeat": integer(record.repeat),
        "identities": text(*record.identities),
        "quality": text(record.quality),
        "split": text(record.split),
        "crop_box": real(*record.crop_box),
        "face_score": real(record.face_score),
    }
    example = tf.train.Example(features=tf.train.Features(feature=features))
    return example.SerializeToString(deterministic=True)


def decode(serialized: bytes, source: str = "record") -> FaceRecord:
    """Reads one serialised record back.

    Raises:
        FakelocError: the bytes are no record of this contract; names `source`.
    """
    import tensorflow as tf
    from google.protobuf.message import DecodeError

    try:
        feature = tf.train.Example.FromString(serialized).features.feature
        return FaceRecord(
            image_uint8=decode_png(feature["image/encoded"].bytes_list.value[0]),
            mask_uint8=decode_png(feature["mask/encoded"].bytes_list.value[0]),
            noise_uint8=decode_png(feature["noise/encoded"].bytes_list.value[0]),
            mask_valid=bool(feature["mask/valid"].int64_list.value[0]),
            label=feature["label"].int64_list.value[0],
            method=feature["method"].int64_list.value[0],
            dataset=feature["dataset"].bytes_list.value[0].decode(),
            video_id=feature["video_id"].bytes_list.value[0].decode(),
            frame=feature["frame"].int64_list.value[0],
            identities=tuple(
                v.decode() for v in feature["identities"].bytes_list.value
            ),
            quality=feature["quality"].bytes_list.value[0].decode(),
            split=feature["split"].bytes_list.value[0].decode(),
            crop_box=tuple(feature["crop_box"].float_list.value),
            face_score=feature["face_score"].float_list.value[0],
            repeat=feature["repeat"].int64_list.value[0],
        )
    except (DecodeError, IndexError) as error:
        raise FakelocError(
            f"{source} is not a fakeloc face record ({error}); "
            "make it again with `python -m pipelines.prepare`"
        ) from error


def parse_video(serialized: tf.Tensor) -> tf.Tensor:
    """The name of the video of a record, string scalar, without decoding its pictures.

    Data set and method are in it, since a method's fakes have the ids of the reals.
    """
    import tensorflow as tf

    spec = {
        "dataset": tf.io.FixedLenFeature([], tf.string),
        "method": tf.io.FixedLenFeature([], tf.int64),
        "video_id": tf.io.FixedLenFeature([], tf.string),
    }
    face = tf.io.parse_single_example(serialized, spec)
    parts = [face["dataset"], tf.strings.as_string(face["method"]), face["video_id"]]
    return tf.strings.join(parts, "/")


def parse_people(serialized: tf.Tensor) -> tuple[tf.Tensor, tf.Tensor]:
    """Data set, string scalar, and identities, string [N], of a record.

    Its pictures are not decoded.
    """
    import tensorflow as tf

    spec = {
        "dataset": tf.io.FixedLenFeature([], tf.string),
        "identities": tf.io.RaggedFeature(tf.string),
    }
    features = tf.io.parse_single_example(serialized, spec)
    return features["dataset"], features["identities"]


def parse_class(serialized: tf.Tensor) -> tf.Tensor:
    """The class (`method`) of a record, int64 scalar, without decoding its pictures."""
    import tensorflow as tf

    spec = {"method": tf.io.FixedLenFeature([], tf.int64)}
    return tf.io.parse_single_example(serialized, spec)["method"]


def parse(serialized: tf.Tensor) -> dict[str, Any]:
    """Reads a record inside a tf.data graph.

    Args:
        serialized: string scalar.

    Returns:
        `image` uint8 [S, S, 3], `mask` and `noise` uint8 [S, S, 1], `mask_valid`,
        `label`, `method`, `frame` int64 scalars, `dataset`, `video_id`, `quality`
        string scalars.
    """
    import tensorflow as tf

    spec = {
        "image/encoded": tf.io.FixedLenFeature([], tf.string),
        "mask/encoded": tf.io.FixedLenFeature([], tf.string),
        "noise/encoded": tf.io.FixedLenFeature([], tf.string),
        "mask/valid": tf.io.FixedLenFeature([], tf.int64),
        "label": tf.io.FixedLenFeature([], tf.int64),
        "method": tf.io.FixedLenFeature([], tf.int64),
        "frame": tf.io.FixedLenFeature([], tf.int64),
        "dataset": tf.io.FixedLenFeature([], tf.string),
        "video_id": tf.io.FixedLenFeature([], tf.string),
        "quality": tf.io.FixedLenFeature([], tf.string),
    }
    features = tf.io.parse_single_example(serialized, spec)
    channels = {"image": 3, "mask": 1, "noise": 1}
    record = {
        name: tf.io.decode_png(features.pop(f"{name}/encoded"), channels=count)
        for name, count in channels.items()
    }
    return record | {"mask_valid": features.pop("mask/valid")} | features
