"""What stands in for training and evaluation, which take minutes, in default tests."""

import json

import numpy as np
import pandas as pd

from fakeloc_tf import config
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation import predictions
from fakeloc_tf.evaluation.summary import summarise
from fakeloc_tf.files import write_text

CLASSES = ("pristine", "Deepfakes", "Face2Face", "FaceSwap", "NeuralTextures")
THRESHOLD = 0.5


def hand_made(auc_of_deepfakes=1.0, five_way=False, masks=True):
    """Ten faces, two a class: every fake above the reals, or every one below.

    The mask of every fake has 4 pixels of 16, of which 3 are found and none besides; of
    the fixed one's it has 2.
    """
    rows = []
    for index, method in enumerate(np.repeat(CLASSES, 2)):
        fake = method != "pristine"
        found = auc_of_deepfakes == 1.0 or method != "Deepfakes"
        rows.append(
            {
                "dataset": "toy",
                "video_id": str(index),
                "quality": "c23",
                "method": method,
                "frame": 0,
                "label": int(fake),
                "probability": (0.9 if found else 0.1) if fake else 0.2,
                "mask_valid": True,
                "pixels": 16,
                "true_pixels": 4 * fake,
                "true_fraction": fake / 4,
                "predicted_pixels": 3.0 * fake,
                "predicted_fraction": 3 * fake / 16,
                "intersection": 3.0 * fake,
                "union": 4.0 * fake,
                "iou": 0.75 if fake else 1.0,
                "pbca": 15 / 16 if fake else 1.0,
                "iinc": 0.1,
                "fixed_intersection": 2 * fake,
                "fixed_union": 4 if fake else 2,
                "fixed_iou": 0.5 if fake else 0.0,
            }
        )
    table = pd.DataFrame(rows)
    if not masks:
        table[["intersection", "union", "iou", "pbca", "iinc"]] = np.nan
    if five_way:
        # Of each class the first face is named right, the second one FaceSwap.
        for name in CLASSES:
            right = (table["method"] == name) & (table.index % 2 == 0)
            table[f"probability_{name}"] = np.where(right, 0.9, 0.0)
        table.loc[table.index % 2 == 1, "probability_FaceSwap"] = 0.9
    return table


class Training:
    """`start_training` that writes what a finished run has, and notes its name."""

    def __init__(self, refused=()):
        self.names = []
        self.resumed = []
        self._refused = refused

    def __call__(self, resolved, folder, steps, resume):
        if folder.name in self._refused:
            raise FakelocError(f"{folder.name} cannot be trained")
        self.names.append(folder.name)
        self.resumed.append(resume)
        folder.mkdir(parents=True, exist_ok=True)
        config.dump(resolved, folder / "config.yaml")
        (folder / "best.keras").write_bytes(folder.name.encode())
        write_text(folder / "metrics.json", "{}")


class Evaluation:
    """`evaluate_run` that writes `hand_made` rows, and notes run and records."""

    def __init__(self):
        self.calls = []

    def __call__(self, run, records, split, out, batch_size):
        resolved = config.load(run / "config.yaml")
        self.calls.append((run.name, records.name))
        rows = hand_made(
            auc_of_deepfakes=0.0 if records.name == "celebdf" else 1.0,
            five_way=resolved.model.five_way,
            masks="semantic" in resolved.model.heads,
        )
        predictions.write([rows], out / "predictions.parquet")
        write_text(out / "metrics.json", json.dumps(summarise(rows, THRESHOLD)))
