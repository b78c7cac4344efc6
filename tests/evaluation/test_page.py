"""`report.html` of an evaluation: what it shows, and that it needs nothing else."""

import base64
import json
import re
from html.parser import HTMLParser

import numpy as np
import pandas as pd
import pytest
import synthetic
import toy_run
from made_up_page import made_up_page, made_up_rows, measured, protocol

from fakeloc_tf import evaluate
from fakeloc_tf.evaluation.page.cases import choose_cases
from fakeloc_tf.evaluation.page.headline import warnings
from fakeloc_tf.media.images import decode_image, decode_png


class Page(HTMLParser):
    """Addresses, links and words of a page."""

    def __init__(self, text):
        super().__init__()
        self.addresses, self.ids, self.words, self.tags = [], set(), [], set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        self.tags.add(tag)
        for name, value in attrs:
            if name in ("src", "href", "srcset", "data", "action", "poster"):
                self.addresses.append(value)
            if name == "id":
                self.ids.add(value)

    def handle_data(self, data):
        if "main" in self.tags:  # not the styles
            self.words.append(data)

    @property
    def body(self):
        return " ".join(" ".join(self.words).split())


@pytest.fixture(scope="module")
def rows():
    return made_up_rows()


@pytest.fixture(scope="module")
def evaluated(tmp_path_factory):
    folder = tmp_path_factory.mktemp("page")
    data = synthetic.write_records(folder / "records")
    run = toy_run.make_run(folder / "toy", f"data.records={data}")
    call = ["--run", run, "--data", data]
    assert evaluate.main(list(map(str, call))) == 0
    return run, data, run / "evaluation" / "records-test"


def test_evaluate_writes_a_page_with_the_numbers_of_its_files(evaluated):
    run, data, out = evaluated
    text = (out / "report.html").read_text()
    page = Page(text)
    metrics = json.loads((out / "metrics.json").read_text())
    for key in ("frame_auc", "video_auc", "iou_image_fakes", "frame_ece"):
        assert f"<b>{metrics[key]:.3f}</b>" in text, key
        if key in metrics["intervals"]:
            low, high = metrics["intervals"][key]
            assert f"{low:.3f} to {high:.3f}" in page.body
    assert f"training mask: {metrics['fixed_mask_iou_image_fakes']:.3f}" in page.body
    assert f"gain {metrics['gain_iou_image_fakes']:+.3f}" in page.body
    for row in pd.read_csv(out / "table_methods.csv").to_dict("records"):
        assert row["method"] in page.body
        assert f"{row['frame_recall']:.3f}" in page.body
    for name in ("model", "config"):
        assert metrics["sha256"][name] in page.body
    assert f"fakeloc robustness --run {run} --data {data} --split test" in page.body
    assert "Perhaps optimistic" in page.body  # the toy run does not say


def test_nothing_comes_from_elsewhere(evaluated):
    page = Page((evaluated[2] / "report.html").read_text())
    links = {a for a in page.addresses if a.startswith("#")}
    assert {link[1:] for link in links} <= page.ids and len(links) == 7
    sources = [a for a in page.addresses if a not in links]
    assert len(sources) > 10
    assert all(re.match(r"data:image/(jpeg|png|svg\+xml);base64,", a) for a in sources)
    assert not page.tags & {"script", "link", "iframe", "object", "base"}


def test_pictures_are_of_the_faces_that_the_rows_name(evaluated):
    _, data, out = evaluated
    rows = pd.read_parquet(out / "predictions.parquet")
    page = (out / "report.html").read_text()
    worst = rows[rows["label"] == 1]["probability"].idxmin()
    part = page[page.index("Missed: fakes") :]
    jpeg, png = (
        base64.b64decode(re.search(f'data:image/{kind};base64,([^"]+)', part)[1])
        for kind in ("jpeg", "png")
    )
    true = synthetic.synthetic_face(int(worst), "test", 72)
    shown = decode_image(jpeg)[::8, ::8].mean(-1)
    step = len(true.image_uint8) / 32
    where = (np.arange(32) * step).astype(int)
    wanted = true.image_uint8[where][:, where].mean(-1)
    assert np.corrcoef(shown.ravel(), wanted.ravel())[0, 1] > 0.8
    assert decode_png(png).shape[:2] == (256, 256)
    assert f"score {rows['probability'][worst]:.3f}" in part[: part.index("</figure>")]


def test_a_model_without_masks_has_cases_by_score_alone(rows):
    bare = rows.assign(iou=np.nan, predicted_fraction=np.nan)
    counts = [len(group.rows) for group in choose_cases(bare, shown=3)]
    assert counts == [3, 3, 0, 0, 3, 0]
    assert "There are no masks to compare." in made_up_page(bare)


def test_real_faces_alone_have_a_page(rows):
    text = made_up_page(rows[rows["label"] == 0].reset_index(drop=True))
    assert "There are no fakes." in text
    assert "need both real and fake faces" in text


def test_strange_names_are_text(rows):
    strange = rows.assign(video_id="<b>x</b>" + rows["video_id"])
    text = made_up_page(strange, dataset="<script>alert(1)</script>")
    assert "<b>x" not in text and "&lt;b&gt;x" in text
    assert "<script>" not in text


def test_what_makes_numbers_too_good_is_said_first(rows):
    assert warnings(measured(rows)) == []
    assert 'role="alert"' not in made_up_page(rows)
    broken = protocol(True, trained=4, other={"margin": [1.3, 1.8]})
    said = warnings(measured(rows, protocol=broken))
    assert said[0].startswith("Optimistic")
    assert "4 of the 9 people" in said[1] and "margin 1.8 instead of 1.3" in said[2]
    text = made_up_page(rows, protocol=broken)
    assert text.index("Optimistic") < text.index("AUC, frames")
    assert "demo" not in Page(made_up_page(rows)).body
    assert "demo trained on" in Page(made_up_page(rows, demo=True)).body
