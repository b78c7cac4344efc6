"""Faces a second of the training pipeline against decoding its records alone.

python tools/bench_input.py
python tools/bench_input.py --data datasets/demo_c23/records
"""

from __future__ import annotations

import os
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

import numpy as np
import tensorflow as tf
import typer
from rich.console import Console
from rich.progress import track
from rich.table import Table

from fakeloc_tf.config import AugmentConfig, BackboneConfig, ModelConfig
from fakeloc_tf.data import dataset, prepared, records
from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.data.source import RecordSource
from fakeloc_tf.manipulate.self_blend import self_blend
from fakeloc_tf.media.faces import DlibDetector, crop, crop_box, crop_mask
from fakeloc_tf.models import detector
from fakeloc_tf.noise import noise_uint8

SIGMA = 5.0
PIXELS = AugmentConfig(jpeg=1.0, blur=1.0, noise=1.0, downscale=1.0, colour=1.0)
SETTINGS = {
    "nothing": AugmentConfig(flip=False),
    "flip (default)": AugmentConfig(),
    "every change, 30 % of the faces each": PIXELS.model_copy(
        update=dict.fromkeys(("jpeg", "blur", "noise", "downscale", "colour"), 0.3)
    ),
    "every change on every face": PIXELS,
    "flip, half of the reals self-blended": AugmentConfig(self_blend=0.5),
}


def write_faces(folder: Path, size: int, count: int) -> None:
    """Faces of the embedded portraits, every second one self-blended."""
    rng = np.random.default_rng(0)
    find = DlibDetector()
    shards = [
        tf.io.TFRecordWriter(str(folder / f"train-{shard:05d}-of-00004.tfrecord"))
        for shard in range(4)
    ]
    portraits = load_portraits()[:count]
    for index, portrait in enumerate(track(portraits, "records", transient=True)):
        image = portrait.image()
        box = crop_box(find.detect(image)[0], 1.3, *image.shape[:2])
        mask = np.zeros(image.shape[:2], np.uint8)
        fake = index % 2
        if fake:
            blended = self_blend(image, portrait.landmarks, rng)
            image, mask = blended.image_uint8, blended.mask_uint8
        face = crop(image, box, size)
        record = records.FaceRecord(
            image_uint8=face,
            mask_uint8=crop_mask(mask, box, size),
            noise_uint8=noise_uint8(face, SIGMA),
            mask_valid=True,
            label=fake,
            method=fake,
            dataset="bench",
            video_id=portrait.number,
            frame=0,
            identities=(portrait.identity,),
            quality="raw",
            split="train",
            crop_box=(box.left, box.top, box.right, box.bottom),
            face_score=1.0,
        )
        shards[index % 4].write(records.encode(record))
    for shard in shards:
        shard.close()


def decoding(source: RecordSource, faces: int) -> tf.data.Dataset:
    """The records read and their three pictures decoded, nothing else."""
    return (
        source.written()
        .repeat()
        .take(faces)
        .map(
            lambda serialized, _: records.parse(serialized),
            num_parallel_calls=tf.data.AUTOTUNE,
        )
        .prefetch(tf.data.AUTOTUNE)
    )


def seconds(make: Callable[[], tf.data.Dataset]) -> tuple[float, float]:
    """Time and processor time of one pass; the elements stay inside TensorFlow."""
    batches = make()
    start, used = time.perf_counter(), time.process_time()
    batches.reduce(np.int64(0), lambda count, *_: count + 1).numpy()
    return time.perf_counter() - start, time.process_time() - used


class _Repeated(RecordSource):
    """A small set, many times over: long enough to measure."""

    def __init__(self, folder: Path, repeats: int) -> None:
        super().__init__(folder, "train")
        self.files = self.files * repeats


def bench(
    data: Annotated[
        Path | None, typer.Option(help="prepared records; the portraits' by default")
    ] = None,
    size: Annotated[int, typer.Option(help="side of faces and model input")] = 299,
    batch_size: Annotated[int, typer.Option(help="faces a batch")] = 32,
    faces: Annotated[int, typer.Option(help="faces a run, about")] = 512,
    repeats: Annotated[int, typer.Option(help="runs; the median counts")] = 7,
) -> None:
    """Prints faces a second and their ratio to decoding, measured in turn."""
    model = ModelConfig(image_size=size, backbone=BackboneConfig(weights="none"))
    sizes = detector.map_sizes(detector.build_detector(model))
    with tempfile.TemporaryDirectory() as folder:
        if data is None:
            write_faces(Path(folder), size, 64)
        where = data or Path(folder)
        files = prepared.split_files(where, "train")
        held = sum(1 for _ in tf.data.TFRecordDataset(files))
        source = _Repeated(where, -(-faces // held))
        total = held * -(-faces // held) // batch_size * batch_size

        def training(augment: AugmentConfig) -> tf.data.Dataset:
            return dataset.training_batches(
                source,
                image_size=size,
                map_sizes=sizes,
                sigma=SIGMA,
                batch_size=batch_size,
                shuffle_buffer=64,
                augment=augment,
                seed=0,
                epoch=0,
            )

        passes = {"decoding alone": lambda: decoding(source, total)}
        passes |= {
            name: lambda augment=augment: training(augment)
            for name, augment in SETTINGS.items()
        }
        times: dict[str, list[tuple[float, float]]] = {name: [] for name in passes}
        # In turn, so that whatever else the machine does falls on all of them.
        for run in track(range(repeats + 1), "runs", transient=True):
            for name, make in passes.items():
                spent = seconds(make)
                if run:  # The first one warms up.
                    times[name].append(spent)
    print_results(
        times, total, f"{size} px, batch {batch_size}, {os.cpu_count()} cores"
    )


def print_results(
    times: dict[str, list[tuple[float, float]]], faces: int, title: str
) -> None:
    """A row a setting: faces a second, and the median ratio of the runs.

    The ratio of processor times says the same of a machine that others use as well.
    """
    table = Table("pipeline", "faces/s", "of decoding", "range", "by CPU", title=title)
    alone = times["decoding alone"]
    for name, spent in times.items():
        pairs = list(zip(alone, spent, strict=True))
        by_clock, by_cpu = ([a[i] / b[i] for a, b in pairs] for i in (0, 1))
        table.add_row(
            name,
            f"{faces / statistics.median(clock for clock, _ in spent):.0f}",
            f"{statistics.median(by_clock):.2f}",
            f"{min(by_clock):.2f} to {max(by_clock):.2f}",
            f"{statistics.median(by_cpu):.2f}",
        )
    Console().print(table)


if __name__ == "__main__":
    typer.run(bench)
