"""How records are made, which are read, and how faces are changed in training."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from fakeloc_tf.config.section import (
    Factor,
    NonNegative,
    Positive,
    Quality,
    Section,
    Share,
)


class PrepareConfig(Section):
    """How frames become records (`pipelines.prepare`).

    Attributes:
        crop_size: side of the face crop in pixels (paper: 299).
        margin: factor on the detector's box (paper: 1.3).
        sigma: standard deviation of the noise filter in grey levels (5; c40: 10).
        frames_train: frames a video for training (paper: 270).
        frames_eval: frames a video for validation and test (paper: 100).
        real_factor: faces of a real training video = this × `frames_train`; a video
            with fewer frames repeats some, marked as repeats (paper: 4).
        derive_masks: for a fake without a mask whose original is there: make one of
            what differs between the two.
        min_face_score: boxes below this score of the dlib detector are dropped.
        max_rejected: share of the wanted frames of the data set, 0..1, above which
            preparation fails: something is wrong with the input or the settings.
        max_rejected_video: the same of any one video; 1 = never.
        shards: TFRecord files per split.
    """

    crop_size: Positive = 299
    margin: Annotated[float, Field(ge=1.0)] = 1.3
    sigma: Annotated[float, Field(gt=0.0)] = 5.0
    frames_train: Positive = 270
    frames_eval: Positive = 100
    real_factor: Positive = 4
    derive_masks: bool = False
    min_face_score: float = 0.1
    max_rejected: Share = 0.5
    max_rejected_video: Share = 1.0
    shards: Positive = 4


class AugmentConfig(Section):
    """Random changes of training faces; what moves a face moves its mask and noise.

    The noise target stays that of the crop before the change, but for self-blended
    faces, whose residual is computed anew.

    Attributes:
        flip: mirror left and right, half of the times.
        jpeg: share of the faces, 0..1, that are compressed.
        jpeg_quality: lowest and highest quality, 1..100.
        blur: share that is blurred (needs the extra `augment`).
        blur_sigma: lowest and highest σ of the Gaussian in pixels.
        noise: share that gets Gaussian noise.
        noise_sigma: lowest and highest σ in grey levels.
        downscale: share that is made smaller and brought back.
        downscale_factor: lowest and highest factor, 0..1.
        colour: share whose brightness, contrast, saturation and hue change.
        colour_strength: the largest change, 0..1; of the hue, a tenth of the circle
            times this.
        self_blend: share of the real faces that become fakes by self-blending
            (Shiohara & Yamasaki, CVPR 2022), with their exact mask; for models without
            a class for each method.
    """

    flip: bool = True
    jpeg: Share = 0.0
    jpeg_quality: tuple[Quality, Quality] = (30, 100)
    blur: Share = 0.0
    blur_sigma: tuple[NonNegative, NonNegative] = (0.1, 2.0)
    noise: Share = 0.0
    noise_sigma: tuple[NonNegative, NonNegative] = (1.0, 8.0)
    downscale: Share = 0.0
    downscale_factor: tuple[Factor, Factor] = (0.3, 0.9)
    colour: Share = 0.0
    colour_strength: Share = 0.2
    self_blend: Share = 0.0

    @field_validator("jpeg_quality", "blur_sigma", "noise_sigma", "downscale_factor")
    @classmethod
    def _ascending(cls, value: tuple[float, float]) -> tuple[float, float]:
        if value[0] > value[1]:
            raise ValueError("the lowest value comes first")
        return value


class MadeConfig(Section):
    """Training faces that are made on the fly from portraits, and not read.

    Attributes:
        portraits: folders as of `data.made.pool.load_pool`; none = the training split
            of the records is read.
        pairs: of a real and a fake face in an epoch.
    """

    portraits: tuple[str, ...] = ()
    pairs: Positive = 2048


class DataConfig(Section):
    """Which prepared records a run reads.

    Attributes:
        records: folder that `pipelines.prepare` wrote.
        demo: build the embedded demo set there if the folder is missing.
        quality: quality of the demo set that is prepared (c23 or c40).
        methods: manipulations whose fakes are trained and validated on, beside all
            pristine faces, such as Deepfakes alone (Table IV); none named = all.
        shuffle_buffer: records in the shuffle buffer (encoded, some 100 kB each).
        cache: keep the encoded records in memory (small sets only).
        augment: random changes of training faces that are read.
        made: training faces that are made instead.
    """

    records: str = "datasets/demo_c23/records"
    demo: bool = False
    quality: Literal["c23", "c40"] = "c23"
    methods: tuple[str, ...] = ()
    shuffle_buffer: Positive = 2048
    cache: bool = False
    augment: AugmentConfig = AugmentConfig()
    made: MadeConfig = MadeConfig()
