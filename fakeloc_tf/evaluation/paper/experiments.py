"""What must be trained for the paper's tables and figures, as data (§IV).

An experiment is a quality's config with a few overrides. All of a setting have the same
budget of passes over the training faces and differ in what their overrides say.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from fakeloc_tf.config import Config, load

QUALITIES = ("c23", "c40")
PEERS = {
    "xception": "Xception",
    "mesonet4": "MesoNet-4",
    "mesoinception4": "MesoInception-4",
    "resnet50": "ResNet-50",
}
VARIANTS = {
    "xception": PEERS["xception"],
    "noise": "Xception + noise",
    "semantic": "Xception + segmentation",
    "ours": "Xception + both, three taps",
    "deep": "Xception + both, deep tap",
    "middle_deep": "Xception + both, middle and deep taps",
}
# The rows of Tables VII and VIII, in the order in which the paper's numbers rise. Which
# taps the paper's Table VIII has was not looked up: ours add one after the other.
MODULES = ("xception", "noise", "semantic", "ours")
TAP_SETS = ("deep", "middle_deep", "ours")
# Detectors of Tables II and III, and their twins of Table IV.
DETECTORS = {**PEERS, "ours": "Detect and Locate"}
ON_DEEPFAKES = {
    "xception_deepfakes": "xception",
    "mesonet4_deepfakes": "mesonet4",
    "mesoinception4_deepfakes": "mesoinception4",
    "resnet50_deepfakes": "resnet50",
    "deepfakes": "ours",
}


@dataclass(frozen=True)
class Experiment:
    """One thing to train.

    Attributes:
        title: what it is, for people.
        overrides: of the quality's config.
        demo_qualities: those that it is trained on in the demo, whose time is short.
        paper: overrides of the paper's setting alone; the user's come after these.
    """

    title: str
    overrides: tuple[str, ...] = ()
    demo_qualities: tuple[str, ...] = ("c23",)
    paper: tuple[str, ...] = ()


PLAIN = "model.heads=[]"
# Small as they are published, and without weights in Keras.
_MESO = (PLAIN, "model.backbone.width=1.0", "model.backbone.weights=none")
# Size and rate of MesoNet's authors.
_MESO_PAPER = ("model.image_size=256", "training.step2.learning_rate=1.0e-3")
# Detector -> overrides.
_OVERRIDES = {
    "ours": (),
    "xception": (PLAIN,),
    "mesonet4": (*_MESO, "model.backbone.name=MesoNet4"),
    "mesoinception4": (*_MESO, "model.backbone.name=MesoInception4"),
    "resnet50": (PLAIN, "model.backbone.name=ResNet50"),
}
_PAPER = {"mesonet4": _MESO_PAPER, "mesoinception4": _MESO_PAPER}
EXPERIMENTS: dict[str, Experiment] = {
    "ours": Experiment(DETECTORS["ours"], demo_qualities=QUALITIES),
    "xception": Experiment(PEERS["xception"], (PLAIN,), QUALITIES),
    **{
        name: Experiment(PEERS[name], _OVERRIDES[name], paper=_PAPER.get(name, ()))
        for name in ("mesonet4", "mesoinception4", "resnet50")
    },
    "noise": Experiment(VARIANTS["noise"], ("model.heads=[noise]",)),
    "semantic": Experiment(VARIANTS["semantic"], ("model.heads=[semantic]",)),
    "deep": Experiment(VARIANTS["deep"], ("model.taps=[deep]",)),
    "middle_deep": Experiment(VARIANTS["middle_deep"], ("model.taps=[middle,deep]",)),
    "five_way": Experiment("Five-way detector", ("model.five_way=true",)),
    **{
        name: Experiment(
            f"{DETECTORS[detector]}, trained on Deepfakes",
            (*_OVERRIDES[detector], "data.methods=[Deepfakes]"),
            paper=_PAPER.get(detector, ()),
        )
        for name, detector in ON_DEEPFAKES.items()
    },
}


@dataclass(frozen=True)
class Setting:
    """What experiments start from.

    Attributes:
        mark: a word that every output bears; None for the paper's settings.
        configs: quality → (config file, overrides of it).
    """

    mark: str | None
    configs: Mapping[str, tuple[Path, tuple[str, ...]]]

    def records(self, quality: str) -> Path:
        """The records that a quality's config names."""
        path, overrides = self.configs[quality]
        return Path(load(path, overrides).data.records)

    def qualities(self, name: str, wanted: Sequence[str]) -> tuple[str, ...]:
        """Those of `wanted` that an experiment is trained on."""
        trained = EXPERIMENTS[name].demo_qualities if self.mark else QUALITIES
        return tuple(quality for quality in wanted if quality in trained)


PAPER = Setting(
    None, {quality: (Path(f"configs/ffpp_{quality}.yaml"), ()) for quality in QUALITIES}
)
_DEMO_FILE = Path("configs/reproduce_demo.yaml")
DEMO = Setting(
    "demo",
    {
        "c23": (_DEMO_FILE, ()),
        "c40": (
            _DEMO_FILE,
            (
                "data.records=datasets/demo_c40/records",
                "data.quality=c40",
                "prepare.sigma=10.0",
            ),
        ),
    },
)


def run_name(name: str, quality: str) -> str:
    """What the run folder of an experiment is called."""
    return f"{name}_{quality}"


def resolve(
    name: str,
    quality: str,
    setting: Setting,
    records: Path,
    overrides: Sequence[str] = (),
) -> Config:
    """The whole configuration of an experiment.

    Args:
        name: a key of EXPERIMENTS.
        quality: of QUALITIES.
        setting: PAPER or DEMO.
        records: to train on.
        overrides: of the user, for all experiments; those of the experiment come after.

    Raises:
        FakelocError: the config file or an override is wrong.
    """
    path, of_quality = setting.configs[quality]
    experiment = EXPERIMENTS[name]
    of_paper = () if setting.mark else experiment.paper
    common = (*of_quality, *of_paper, *overrides, f"data.records={records}")
    own = (*experiment.overrides, f"name={run_name(name, quality)}")
    config, full = load(path, (*common, *own)), load(path, common)
    # Without semantic heads there is no step 1, whose passes step 2 gets.
    missing = full.training.step1.epochs + full.training.step2.epochs - config.passes
    epochs = config.training.step2.epochs + missing
    return load(path, (*common, *own, f"training.step2.epochs={epochs}"))
