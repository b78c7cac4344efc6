"""Typed, frozen configuration: YAML file + overrides; every default lives here.

Read with `load`, saved with `dump`. A key that does not exist or a value of the wrong
type is a `FakelocError` that names the key, its file and the nearest valid key.
"""

from __future__ import annotations

import difflib
import json
import os
from pathlib import Path
from typing import Annotated, Any, Literal

import yaml
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.files import write_text

Positive = Annotated[int, Field(gt=0)]
Share = Annotated[float, Field(ge=0.0, le=1.0)]
NonNegative = Annotated[float, Field(ge=0.0)]


class Section(BaseModel):
    """A frozen part of the configuration; unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


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


class DataConfig(Section):
    """Which prepared records a run reads.

    Attributes:
        records: folder that `pipelines.prepare` wrote.
        demo: build the embedded demo set there if the folder is missing.
        quality: quality of the demo set that is prepared (c23 or c40).
        flip: joint horizontal flips of face, mask and noise in training.
        shuffle_buffer: records in the shuffle buffer.
        cache: keep decoded records in memory (small sets only).
    """

    records: str = "datasets/demo_c23/records"
    demo: bool = False
    quality: Literal["c23", "c40"] = "c23"
    flip: bool = True
    shuffle_buffer: Positive = 2048
    cache: bool = False


class BackboneConfig(Section):
    """The feature extractor.

    Attributes:
        name: a key of `models.backbones.BACKBONES`.
        width: factor on every filter count; 1.0 is the published network, less is a
            thin one for demos, without ImageNet weights.
        weights: `imagenet` (downloaded by Keras), `none`, or the path of a
            `.weights.h5` of the Keras application without its top.
    """

    name: Literal["xception"] = "xception"
    width: Annotated[float, Field(gt=0.0, le=1.0)] = 1.0
    weights: str = "imagenet"


class ModelConfig(Section):
    """The detector.

    Attributes:
        preset: `paper` (the text of the paper) or `official` (the published code).
        classes: names of the methods, index 0 = pristine.
        five_way: add the head that names the method (`method` logits).
        image_size: side of the input in pixels.
        gamma: weights of the shallow, middle and deep map in Eq. 8; their sum is 1.
        batch_norm_momentum: of the moving averages; a run of a few hundred batches
            needs faster ones than Keras' 0.99.
    """

    preset: Literal["paper", "official"] = "paper"
    classes: tuple[str, ...] = (
        "pristine",
        "Deepfakes",
        "Face2Face",
        "FaceSwap",
        "NeuralTextures",
    )
    five_way: bool = False
    image_size: Annotated[int, Field(ge=64)] = 299
    gamma: tuple[Share, Share, Share] = (0.1, 0.2, 0.7)
    batch_norm_momentum: Share = 0.99
    backbone: BackboneConfig = BackboneConfig()


class LossConfig(Section):
    """Weights of Eq. 1.

    Attributes:
        noise: λ1 on L_n.
        mask: λ2 on L_b.
    """

    noise: NonNegative = 0.1
    mask: NonNegative = 1.0


class OptimizerConfig(Section):
    """Adam as in §IV-B. The weight decay is coupled: added to the gradient."""

    beta_1: Share = 0.9
    beta_2: Share = 0.999
    weight_decay: NonNegative = 1e-5


class StepConfig(Section):
    """One of the two training steps.

    Attributes:
        epochs: passes over the training records.
        learning_rate: Adam's step size, constant (paper: 2e-4).
        warmup_batches: batches of linear warm-up from 0 (paper: none).
        cosine: lower the rate to 0 along a half cosine over the step (paper: no).
    """

    epochs: Positive = 10
    learning_rate: Annotated[float, Field(gt=0.0)] = 2e-4
    warmup_batches: Annotated[int, Field(ge=0)] = 0
    cosine: bool = False


class TrainingConfig(Section):
    """The two-step training of §IV-B.

    Attributes:
        strategy: `one` device or `mirrored` over the devices of this machine.
        cpu_replicas: logical CPU devices for `mirrored` on a machine without GPU.
        batch_size: global batch, whatever the number of replicas (paper: 32).
        seed: of weights, shuffling and augmentation.
        step1: backbone + semantic heads.
        step2: everything, from step 1's weights.
        image_every: epochs between pictures in TensorBoard.
    """

    strategy: Literal["one", "mirrored"] = "one"
    cpu_replicas: Positive = 1
    batch_size: Positive = 32
    seed: int = 0
    step1: StepConfig = StepConfig()
    step2: StepConfig = StepConfig()
    image_every: Positive = 1


class Config(Section):
    """A whole experiment: one YAML file under `configs/`."""

    name: str = "demo"
    prepare: PrepareConfig = PrepareConfig()
    data: DataConfig = DataConfig()
    model: ModelConfig = ModelConfig()
    loss: LossConfig = LossConfig()
    optimizer: OptimizerConfig = OptimizerConfig()
    training: TrainingConfig = TrainingConfig()


def load(
    path: str | os.PathLike[str] | None = None, overrides: tuple[str, ...] = ()
) -> Config:
    """Reads a YAML file and applies overrides.

    Args:
        path: YAML file; None = all defaults.
        overrides: `section.key=value` strings; the value is read as YAML.

    Raises:
        FakelocError: the file cannot be read, or a key or value is not valid.
    """
    tree: Any = {}
    origin = "the defaults"
    if path is not None:
        origin = str(path)
        try:
            tree = yaml.safe_load(Path(path).read_text(encoding="utf-8")) or {}
        except OSError as error:
            raise FakelocError(f"config {path}: {error.strerror}") from error
        except (yaml.YAMLError, UnicodeDecodeError) as error:
            raise FakelocError(f"config {path} is not YAML: {error}") from error
        if not isinstance(tree, dict):
            raise FakelocError(f"config {path}: expected keys and values at the top")
        _check(tree, origin)
    for override in overrides:
        _override(tree, override)
        _check(tree, f"override {override!r}")
    return _check(tree, origin)


def dump(config: Config, path: str | os.PathLike[str]) -> None:
    """Writes the resolved configuration as YAML that `load` reads back."""
    write_text(path, to_yaml(config))


def to_yaml(config: Config) -> str:
    """The resolved configuration as YAML text."""
    return yaml.safe_dump(config.model_dump(mode="json"), sort_keys=False)


def _override(tree: dict[str, Any], override: str) -> None:
    """Sets `a.b=value` in the nested `tree`."""
    key, equals, text = override.partition("=")
    if not equals:
        raise FakelocError(f"override {override!r}: write it as section.key=value")
    *sections, leaf = key.strip().split(".")
    for section in sections:
        tree = tree.setdefault(section, {})
        if not isinstance(tree, dict):
            raise FakelocError(f"override {override!r}: {section!r} is not a section")
    try:
        tree[leaf] = _parse_value(text)
    except yaml.YAMLError as error:
        raise FakelocError(f"override {override!r}: {error}") from error


def _parse_value(text: str) -> Any:
    """A YAML value; also `2e-4`, which YAML 1.1 takes for a string."""
    value = yaml.safe_load(text)
    return _scientific(value)


def _scientific(value: Any) -> Any:
    """Numbers like `2e-4` that PyYAML (YAML 1.1) leaves as strings, in any nest."""
    if isinstance(value, dict):
        return {key: _scientific(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_scientific(item) for item in value]
    if isinstance(value, str) and "e" in value.lower() and value[:1] in "+-.0123456789":
        try:
            return float(value)
        except ValueError:
            return value
    return value


def _check(tree: dict[str, Any], origin: str) -> Config:
    """Validates in JSON mode, where strict types still accept lists for tuples."""
    try:
        return Config.model_validate_json(json.dumps(_scientific(tree), default=str))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise FakelocError(_explain(first, origin)) from error


def _explain(problem: Any, origin: str) -> str:
    """One line for pydantic's first complaint: key, origin, nearest valid key."""
    key = ".".join(str(part) for part in problem["loc"])
    if problem["type"] != "extra_forbidden":
        return f"{origin}: `{key}`: {problem['msg']}. Received: {problem['input']!r}"
    valid = list(_keys(Config))
    leaf_matches = [k for k in valid if k.rsplit(".")[-1] == key.rsplit(".")[-1]]
    near = leaf_matches or difflib.get_close_matches(key, valid, n=1, cutoff=0.4)
    hint = f"; the nearest valid key is `{near[0]}`" if near else ""
    return f"{origin}: unknown key `{key}`{hint}"


def _keys(section: type[BaseModel], prefix: str = "") -> list[str]:
    """Every valid dotted key."""
    keys = []
    for name, field in section.model_fields.items():
        keys.append(prefix + name)
        if isinstance(field.annotation, type) and issubclass(
            field.annotation, BaseModel
        ):
            keys += _keys(field.annotation, f"{prefix}{name}.")
    return keys
