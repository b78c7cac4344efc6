"""The TensorBoard callback: its event files and projector files, read back."""

import csv
import itertools

import cv2
import keras
import numpy as np
import pytest
import tensorflow as tf
import yaml
from google.protobuf import text_format
from matplotlib.figure import Figure
from sklearn import metrics
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tensorboard.plugins.hparams import metadata as hparams_metadata
from tensorboard.plugins.projector import ProjectorConfig
from tensorflow.python.summary.summary_iterator import summary_iterator

from fakeloc_tf import config
from fakeloc_tf.models.detector import build_detector
from fakeloc_tf.training.board import TensorBoard, curves, event_files, faces, start

BATCHES = 6
FACES = 40


class Counted:
    """A loss on a device: counts how often the host waits for it."""

    reads = 0

    def __init__(self, value):
        self._value = value

    def __float__(self):
        Counted.reads += 1
        return float(self._value)


class StandIn:
    """What `validation.Watch` gives, without a model."""

    def __init__(self, classifier=True, target=None):
        rng = np.random.default_rng(0)
        self.target = rng.integers(0, 2, FACES) if target is None else target
        self.faces = {
            "target": self.target.astype(np.float32),
            "iou": rng.random(FACES, np.float32),
            "mask_valid": (rng.random(FACES) < 0.8).astype(np.float32),
            "loss": rng.random(FACES, np.float32),
        }
        self._classifier = classifier
        if classifier:
            scores = np.clip(0.4 * self.target + 0.6 * rng.random(FACES), 0, 1)
            self.faces["probability"] = scores.astype(np.float32)
        self.rows = rng.normal(size=(7, 5)).astype(np.float32)
        self.thumbnails = rng.integers(0, 256, (7, 8, 8, 3)).astype(np.uint8)

    def pictures(self):
        rng = np.random.default_rng(1)
        names = {"face": 3, "mask/true": 1, "mask/predicted": 1}
        if self._classifier:
            names |= {"noise/true": 1, "noise/predicted": 1}
        return {
            name: rng.random((8, 32, 32, depth), np.float32)
            for name, depth in names.items()
        }

    def features(self, count):
        if not self._classifier:
            return None
        details = [
            {"label": "fake", "video_id": f"a\tb{row}"} for row in range(len(self.rows))
        ]
        return self.rows, self.thumbnails, details


def tiny_model():
    image = keras.Input((16, 16, 3), name="image")
    features = keras.layers.Conv2D(2, 3, name="backbone")(image)
    return keras.Model(image, {"semantic_deep": features}, name="tiny")


def board(folder, watch=None, **changes):
    options = {
        "scalar_every": 4,
        "image_every": 2,
        "epochs": 3,
        "batch_size": 8,
        "first_epoch": 0,
        "first_step": 1,
        "run_name": "toy",
        "config_yaml": yaml.safe_dump(
            config.load(None, ("loss.noise=0.25",)).model_dump(mode="json")
        ),
    } | changes
    callback = TensorBoard(folder, watch or StandIn(), **options)
    callback.set_model(tiny_model())
    return callback


def logs(step):
    """Losses of a deterministic training: a function of the step alone."""
    return {
        "loss": tf.constant(1.0 / step),
        "semantic_deep": tf.constant(0.5 / step),
        "learning_rate": tf.constant(2e-4),
        "gradient_norm": tf.constant(3.0),
        "step": step,
        "data_wait": 0.25 * step,
        "step_seconds": float(step),
    }


def drive(callback, stop_after=None, epochs=3):
    """Runs the loop's calls until the end, or dies after a step."""
    first_epoch, first_step = callback._first_epoch, callback._first_step
    callback.on_train_begin()
    for epoch in range(first_epoch, epochs):
        callback.on_epoch_begin(epoch)
        for batch in range(BATCHES):
            step = epoch * BATCHES + batch + 1
            if step >= first_step:
                callback.on_train_batch_end(batch, logs(step))
            if step == stop_after:
                return
        means = {"loss": 1.0 / (epoch + 1), "val_auc": 0.5 + 0.1 * epoch}
        callback.on_epoch_end(epoch, means | {"val_loss": 2.0})
    callback.on_train_end()


def points(folder):
    """Tag → [(step, tensor proto)] of all event files, by step."""
    found = {}
    for path in sorted(folder.glob("events.out.tfevents.*")):
        for event in summary_iterator(str(path)):
            for value in event.summary.value:
                found.setdefault(value.tag, []).append((event.step, value.tensor))
    # Files of one second and process are not in the order of their names.
    return {tag: sorted(rows, key=lambda row: row[0]) for tag, rows in found.items()}


def scalars(folder, tag):
    return [(step, float(tf.make_ndarray(t))) for step, t in points(folder)[tag]]


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("board") / "step2"
    watch = StandIn()
    drive(board(folder, watch))
    return folder, watch


def test_a_person_finds_every_kind_of_result(run):
    accumulator = EventAccumulator(str(run[0]), {"tensors": 0}).Reload()
    tags = set(accumulator.Tags()["tensors"])
    train = ("loss", "semantic_deep", "learning_rate", "gradient_norm")
    rates = ("images_per_second", "data_wait_share")
    assert tags - {"_hparams_/experiment", "_hparams_/session_start_info"} == {
        *(f"train/{name}" for name in (*train, *rates)),
        "epoch/loss",
        "validation/auc",
        "validation/loss",
        "curves/roc",
        "curves/precision_recall",
        "curves/score_distribution",
        "curves/pr/pr_curves",
        "scores/reals",
        "scores/fakes",
        "scores/iou_of_fakes",
        "faces/overlay",
        "faces/overview",
        "run/config",
    }
    assert accumulator.Tags()["graph"]


def test_points_are_at_their_steps_with_their_values(run):
    steps = [4, 8, 12, 16]
    assert scalars(run[0], "train/loss") == [(s, np.float32(1 / s)) for s in steps]
    assert scalars(run[0], "epoch/loss") == [
        (done, np.float32(1 / done)) for done in (1, 2, 3)
    ]
    assert [step for step, _ in scalars(run[0], "validation/auc")] == [1, 2, 3]


def test_rates_are_of_the_window_since_the_last_point(run):
    # 4 batches of 8; the steps took 1+2+3+4, 5+6+7+8, ... seconds.
    rates = [np.float32(32 / seconds) for seconds in (10, 26, 42, 58)]
    assert [v for _, v in scalars(run[0], "train/images_per_second")] == rates
    # Each waited a quarter of its time.
    assert [v for _, v in scalars(run[0], "train/data_wait_share")] == [0.25] * 4


def test_losses_are_read_only_where_a_point_is_due(tmp_path):
    callback = board(tmp_path)
    callback.on_train_begin()
    Counted.reads = 0
    for step in range(1, 9):
        callback.on_train_batch_end(0, logs(step) | {"loss": Counted(1.0)})
    callback.on_train_end()
    assert Counted.reads == 2


def test_pictures_come_every_other_epoch_and_at_the_end(run):
    for tag in ("faces/overview", "curves/roc", "scores/fakes"):
        assert [step for step, _ in points(run[0])[tag]] == [2, 3]


def test_an_early_stop_has_pictures_too(tmp_path):
    callback = board(tmp_path, epochs=9, image_every=9)
    callback.model.stop_training = True
    drive(callback, epochs=1)
    assert [step for step, _ in points(tmp_path)["faces/overview"]] == [1]


@pytest.mark.parametrize("last", [3, 8, 10, 12, 17], ids=lambda s: f"killed after {s}")
def test_a_resumed_run_has_each_point_once(run, tmp_path, last):
    drive(board(tmp_path), stop_after=last)
    checkpoint = last // 3 * 3  # every third batch
    # One that was written with an epoch's last batch has the validation to come.
    epoch = (checkpoint - 1) // BATCHES
    drive(board(tmp_path, first_step=checkpoint + 1, first_epoch=epoch))
    resumed, undisturbed = points(tmp_path), points(run[0])
    assert {tag: [s for s, _ in rows] for tag, rows in resumed.items()} == {
        tag: [s for s, _ in rows] for tag, rows in undisturbed.items()
    }
    assert scalars(tmp_path, "train/loss") == scalars(run[0], "train/loss")
    accumulator = EventAccumulator(str(tmp_path), {"tensors": 0}).Reload()
    assert len(accumulator.Tensors("epoch/loss")) == 3


def test_a_record_cut_off_by_a_kill_does_not_stop_the_resume(tmp_path):
    drive(board(tmp_path), stop_after=10)
    (path,) = tmp_path.glob("events.*")
    path.write_bytes(path.read_bytes()[:-5])
    drive(board(tmp_path, first_step=7, first_epoch=1))
    steps = [step for step, _ in scalars(tmp_path, "train/loss")]
    assert steps == [4, 8, 12, 16]


def test_nothing_is_rewritten_where_nothing_comes_again(run, tmp_path):
    drive(board(tmp_path), epochs=1)
    (path,) = tmp_path.glob("events.*")
    before = (path.stat().st_ino, path.read_bytes())
    left = event_files.drop_from(tmp_path, first_epoch=1, first_step=BATCHES + 1)
    assert (path.stat().st_ino, path.read_bytes()) == before
    assert {"train/loss", "run/config"} <= left


def test_the_config_is_a_code_block(run):
    ((step, text),) = points(run[0])[start.CONFIG_TAG]
    shown = tf.make_ndarray(text).item().decode()
    assert step == 0
    assert shown.startswith("```yaml\n") and shown.endswith("\n```")
    assert yaml.safe_load(shown[8:-4])["loss"]["noise"] == 0.25


def test_hparams_compare_runs_by_config_and_validation_results(run):
    accumulator = EventAccumulator(str(run[0])).Reload()

    def content(tag):
        return accumulator.SummaryMetadata(tag).plugin_data.content

    session = hparams_metadata.parse_session_start_info_plugin_data(
        content(hparams_metadata.SESSION_START_INFO_TAG)
    )
    assert session.group_name == "toy/step2"
    assert session.hparams["loss.noise"].number_value == 0.25
    assert session.hparams["loss.balance"].bool_value is False
    assert session.hparams["loss.mask_maps"].string_value == "1.0, 1.0, 1.0"
    assert session.hparams["training.ema"].string_value == "None"
    assert session.hparams["changes"].string_value == "loss.noise=0.25"
    experiment = hparams_metadata.parse_experiment_plugin_data(
        content(hparams_metadata.EXPERIMENT_TAG)
    )
    assert {m.name.tag for m in experiment.metric_infos} == {
        "validation/auc",
        "validation/iou",
        "validation/loss",
    }
    assert {h.name for h in experiment.hparam_infos} == set(session.hparams)
    opened = {h.name for h in experiment.hparam_infos if h.differs}
    assert opened == {"changes", "step", "loss.noise"}


def test_pr_curve_counts_are_those_of_its_thresholds(run):
    folder, watch = run
    _, proto = points(folder)["curves/pr/pr_curves"][-1]
    tp, fp, tn, fn, precision, recall = tf.make_ndarray(proto)
    fake = watch.target == 1
    thresholds = np.arange(len(tp)) / (len(tp) - 1)
    for index in range(0, len(tp), 20):
        called = watch.faces["probability"] >= thresholds[index]
        matrix = metrics.confusion_matrix(fake, called, labels=[False, True])
        assert [[tn[index], fp[index]], [fn[index], tp[index]]] == matrix.tolist()
        if called.any():
            expected = metrics.precision_score(fake, called)
            assert precision[index] == np.float32(expected)
        assert recall[index] == np.float32(metrics.recall_score(fake, called))


def test_drawn_curves_are_those_of_sklearn():
    watch = StandIn()
    fake, probability = watch.target == 1, watch.faces["probability"]
    axes = Figure().subplots()
    curves.draw_roc(axes, fake, probability)
    false_rate, true_rate, _ = metrics.roc_curve(fake, probability)
    drawn = axes.lines[0].get_xydata()
    np.testing.assert_array_equal(drawn, np.stack([false_rate, true_rate], 1))
    area = metrics.roc_auc_score(fake, probability)
    assert axes.lines[0].get_label() == f"AUC {area:.4f}"

    axes = Figure().subplots()
    curves.draw_precision_recall(axes, fake, probability)
    precision, recall, _ = metrics.precision_recall_curve(fake, probability)
    drawn = axes.lines[0].get_xydata()
    np.testing.assert_array_equal(drawn, np.stack([recall, precision], 1))
    area = metrics.average_precision_score(fake, probability)
    assert axes.lines[0].get_label() == f"average precision {area:.4f}"


def test_histograms_hold_the_scores_of_their_class(run):
    folder, watch = run
    located = (watch.target == 1) & (watch.faces["mask_valid"] > 0)
    for tag, values in (
        ("scores/fakes", watch.faces["probability"][watch.target == 1]),
        ("scores/reals", watch.faces["probability"][watch.target == 0]),
        ("scores/iou_of_fakes", watch.faces["iou"][located]),
    ):
        buckets = tf.make_ndarray(points(folder)[tag][-1][1])
        assert buckets[:, 2].sum() == len(values)
        assert np.isclose(buckets[0, 0], values.min())
        assert np.isclose(buckets[-1, 1], values.max())


def test_step1_and_a_split_of_one_class_show_what_there_is(tmp_path):
    drive(board(tmp_path / "step1", StandIn(classifier=False)))
    tags = set(points(tmp_path / "step1"))
    assert {"scores/iou_of_fakes", "faces/overview"} <= tags
    assert not {"curves/roc", "scores/fakes"} & tags
    assert not (tmp_path / "step1" / "projector_config.pbtxt").exists()

    drive(board(tmp_path / "reals", StandIn(target=np.zeros(FACES, int))))
    tags = set(points(tmp_path / "reals"))
    assert {"curves/score_distribution", "scores/reals"} <= tags
    assert not {"curves/roc", "curves/pr/pr_curves", "scores/iou_of_fakes"} & tags


def test_projector_rows_thumbnails_and_features_belong_together(run):
    folder, watch = run
    text = (folder / "projector_config.pbtxt").read_text()
    (embedding,) = text_format.Parse(text, ProjectorConfig()).embeddings
    rows = np.loadtxt(folder / embedding.tensor_path, dtype=np.float32, delimiter="\t")
    np.testing.assert_array_equal(rows, watch.rows)
    with (folder / embedding.metadata_path).open() as file:
        head, *details = csv.reader(file, delimiter="\t")
    assert head == ["label", "video_id"]
    assert details == [["fake", f"a b{row}"] for row in range(7)]
    sprite = cv2.imread(str(folder / embedding.sprite.image_path))[..., ::-1]
    width, height = embedding.sprite.single_image_dim
    assert sprite.shape == (3 * height, 3 * width, 3)
    for index, thumbnail in enumerate(watch.thumbnails):
        top, left = index // 3 * height, index % 3 * width
        cell = sprite[top : top + height, left : left + width]
        np.testing.assert_array_equal(cell, thumbnail)


def test_projector_refuses_rows_that_do_not_match(tmp_path):
    watch = StandIn()
    rows, thumbnails, details = watch.features(7)
    watch.features = lambda count: (rows, thumbnails[1:], details)
    with pytest.raises(ValueError, match=r"Received: 7, 6, 7"):
        drive(board(tmp_path, watch))


def test_overlay_tints_the_prediction_and_outlines_the_truth():
    face = np.full((30, 30, 3), 100, np.uint8)
    true, predicted = np.zeros((2, 30, 30, 1), np.float32)
    true[5:15, 5:15] = 1
    predicted[12:20, 12:20] = 0.5
    picture = faces.overlay(face, true, predicted)
    edge = np.zeros((30, 30), bool)
    edge[5:15, 5:15] = True
    edge[6:14, 6:14] = False
    assert (picture[edge] == 255).all()
    tinted = (predicted[..., 0] >= 0.5) & ~edge
    # 0.6 · 100 + 0.4 · (255, 0, 0)
    assert (picture[tinted] == (162, 60, 60)).all()
    assert (picture[~edge & ~tinted] == 100).all()
    assert (face == 100).all()


def test_noise_maps_share_one_scale():
    true = np.linspace(0, 0.5, 1000, dtype=np.float32).reshape(1, 25, 40, 1)
    rows = faces.noise_rows(true, true / 2)
    assert list(rows) == ["true noise\n0 to 0.50", "predicted noise\n0 to 0.50"]
    full, half = (picture.astype(int) for picture in rows.values())
    # The half map reaches the middle of the colours where the true one is at the top.
    middle = full[0].reshape(-1, 3)[495]
    assert np.abs(half[0, -1, -1] - middle).max() <= 8  # a few of 256 colours apart
    assert full.sum() > half.sum()


def test_the_graph_opens_with_the_parts_of_the_detector():
    settings = config.load(
        None,
        (
            "model.image_size=64",
            "model.backbone.width=0.1",
            "model.backbone.weights=none",
        ),
    )
    graph = start.model_graph(build_detector(settings.model))
    names = {node.name for node in graph.node}
    outermost = {name.split("/")[0] for name in names}
    for part in ("image", "backbone", "semantic_deep", "noise_deep", "classifier"):
        assert any(name.startswith(part) for name in outermost), part
    assert not any(name.startswith("fakeloc") for name in outermost)
    sources = itertools.chain.from_iterable(node.input for node in graph.node)
    assert {source.lstrip("^").split(":")[0] for source in sources} <= names
