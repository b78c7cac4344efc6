"""The figures from toy records and runs: files, marks, and the numbers behind them."""

from dataclasses import replace
from xml.etree import ElementTree

import numpy as np
import pytest
import synthetic
import tensorflow as tf
import tiny_backbone
import toy_run

from fakeloc_tf.data import prepared, records
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation import predictions
from fakeloc_tf.evaluation.paper import drawing
from fakeloc_tf.evaluation.paper.figures import (
    FIGURES,
    embedding,
    inputs,
    mean_masks,
    noise_scatter,
    sigma_sweep,
)
from fakeloc_tf.evaluation.paper.item import Context
from fakeloc_tf.media.images import decode_png
from fakeloc_tf.models import applications
from fakeloc_tf.noise import noise_uint8

MARK = "demo: not the paper's data"
ORANGE = (0xD5, 0x5E, 0x00)


@pytest.fixture(scope="module")
def context(tmp_path_factory):
    """Few dots: what is tested are the files and the text in them."""
    folder = tmp_path_factory.mktemp("paper")
    data = synthetic.write_records(folder / "records")
    ours = toy_run.make_run(folder / "ours", f"data.records={data}")
    plain = toy_run.make_run(folder / "plain", f"data.records={data}", "model.heads=[]")
    names = {name for item in FIGURES.values() for name in item.experiments}
    runs = {f"{name}_c23": plain if name == "xception" else ours for name in names}
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(drawing, "DPI", 40)
        patch.setitem(applications.BACKBONES, "xception", tiny_backbone.TINY)
        yield Context({"c23": data, "c40": data}, runs, folder / "out", "demo")


def test_every_figure_of_the_paper_but_the_architecture():
    assert list(FIGURES) == [f"fig{n}" for n in (1, 3, 4, 5, 6, 7, 8, 9, 10)]
    for name, item in FIGURES.items():
        assert item.title.startswith(f"Fig. {name[3:]}: ")


@pytest.mark.parametrize("name", FIGURES)
def test_a_figure_is_two_files_that_bear_the_mark(name, context):
    context = replace(context, out=context.out / name)
    paths = FIGURES[name].make(context)
    wanted = [context.out / f"{name}.png", context.out / f"{name}.svg"]
    assert paths == wanted and sorted(context.out.iterdir()) == wanted
    picture = decode_png(paths[0].read_bytes())
    assert picture.std() > 10
    corner = picture[:20, :100].reshape(-1, 3)
    assert (corner == ORANGE).all(-1).sum() > 100
    text = texts(paths[1])
    assert MARK in text and FIGURES[name].title in text


def texts(svg):
    root = ElementTree.parse(svg).getroot()
    return [
        node.text for node in root.iter("{http://www.w3.org/2000/svg}text") if node.text
    ]


def test_the_same_figure_is_the_same_file_and_without_a_mark_there_is_none(context):
    unmarked = replace(context, mark=None)
    made = []
    for folder in ("one", "two"):
        figure = drawing.new_figure(3, 2, "title", "note")
        axes = figure.subplots()
        axes.plot([0, 1])
        drawing.show(figure.add_axes((0.5, 0.5, 0.2, 0.2)), np.eye(3))
        paths = drawing.save(
            figure, replace(unmarked, out=context.out / folder), "plain"
        )
        made.append([path.read_bytes() for path in paths])
    assert made[0] == made[1]
    assert b"title" in made[0][1] and b"not the paper" not in made[0][1]


def test_a_figure_shows_the_qualities_that_have_records_and_runs(context):
    assert inputs.shown_qualities(context) == ["c23", "c40"]
    assert inputs.shown_qualities(context, ["ours"]) == ["c23"]
    with pytest.raises(FakelocError, match="run 'other_c23'.*ours_c23"):
        inputs.shown_qualities(context, ["ours", "other"])
    with pytest.raises(FakelocError, match="records 'c23'.*none"):
        FIGURES["fig1"].make(replace(context, records={}))


def faces_of(context):
    """Records read without tf.data's parser."""
    for path in prepared.split_files(context.records["c23"], "test"):
        for serialized in tf.data.TFRecordDataset(path):
            yield records.decode(serialized.numpy())


def test_some_faces_are_spread_over_the_split(context):
    data = context.records["c23"]
    frames = [int(face["frame"]) for face in inputs.some_faces(data, 4)]
    assert frames == [0, 2, 4, 6]
    faces = sum(prepared.dataset_info(data)["counts"]["test"].values())
    assert len(list(inputs.some_faces(data, 100))) == faces


def test_mean_masks_are_those_of_a_loop(context):
    def score(images):
        return {"localization": images[..., :1] / 255}

    found = mean_masks.mean_masks(
        score, inputs.some_faces(context.records["c23"], 100), 72
    )
    faces = list(faces_of(context))
    assert sorted(found) == sorted({face.method for face in faces})
    for method, mean in found.items():
        own = [face for face in faces if face.method == method]
        assert mean.faces == len(own)
        true = sum(face.mask_uint8 / 255 for face in own) / len(own)
        red = sum(face.image_uint8[..., 0] / 255 for face in own) / len(own)
        np.testing.assert_allclose(mean.true, true, atol=1e-6)
        np.testing.assert_allclose(mean.predicted, red, atol=1e-6)
        assert (true.max() > 0) == (method > 0)


def test_noise_statistics_are_those_of_a_loop(context):
    parsed = list(inputs.some_faces(context.records["c23"], 100))
    (fake,) = [face for face in faces_of(context) if face.method == 2]
    region = noise_scatter.method_region(parsed, 2)
    np.testing.assert_array_equal(region, fake.mask_uint8 == 255)
    reals = [face for face in faces_of(context) if face.method == 0]
    found = noise_scatter.noise_statistics(parsed, 0, region)
    assert len(found) == len(reals) == 4
    for face, (mean, variance) in zip(reals, found, strict=True):
        values = [
            face.noise_uint8[y, x] / 4
            for y in range(72)
            for x in range(72)
            if fake.mask_uint8[y, x]
        ]
        center = sum(values) / len(values)
        spread = sum((value - center) ** 2 for value in values) / len(values)
        assert mean == pytest.approx(center, rel=1e-4)
        assert variance == pytest.approx(spread, rel=1e-4)
    assert noise_scatter.method_region(parsed, 0) is None


def test_the_sweep_at_the_records_sigma_is_what_records_store():
    face = synthetic.synthetic_face(1, "test", 72).image_uint8
    (found,) = sigma_sweep.sweep([face], 5.0)
    stored = noise_uint8(face, 5.0)
    assert 0 < found.max() < 63
    np.testing.assert_allclose(found, stored / 4, atol=0.126)


def test_tsne_is_the_same_again_and_keeps_clusters_apart():
    rng = np.random.default_rng(0)
    features = rng.normal(size=(40, 8)).astype("float32")
    features[20:] += 30
    points = embedding.embed(features)
    np.testing.assert_array_equal(points, embedding.embed(features))
    one, two = points[:20], points[20:]
    gap = np.linalg.norm(one.mean(0) - two.mean(0))
    assert gap > 2 * max(one.std(0).max(), two.std(0).max())
    assert embedding.perplexity(1000) == 30 and embedding.perplexity(8) == 2


def test_the_legend_of_a_roc_has_the_share_of_pairs_in_order(context):
    context = replace(context, out=context.out / "legend")
    _, svg = FIGURES["fig9"].make(context)
    for experiment, label in (("xception", "Xception"), ("ours", "+ both (ours)")):
        folder = context.runs[f"{experiment}_c23"] / "evaluation" / "c23-test"
        rows = predictions.read(folder / "predictions.parquet")
        fakes = rows["probability"][rows["label"] == 1]
        reals = rows["probability"][rows["label"] == 0]
        pairs = [(f > r) + 0.5 * (f == r) for f in fakes for r in reals]
        assert f"{label}, AUC {np.mean(pairs):.3f}" in texts(svg)
