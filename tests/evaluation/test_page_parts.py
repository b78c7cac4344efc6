"""What the page is put together from: cases, tiles, confusion, robustness."""

import json

import pytest
from made_up_page import HASHES, THRESHOLD, made_up_page, made_up_rows, measured

from fakeloc_tf.evaluation.page.cases import choose_cases
from fakeloc_tf.evaluation.page.confusion import confusions
from fakeloc_tf.evaluation.page.headline import tiles
from fakeloc_tf.evaluation.page.robustness import robustness_part


@pytest.fixture(scope="module")
def rows():
    return made_up_rows()


def test_cases_are_the_extremes_of_different_videos(rows):
    groups = choose_cases(rows, shown=3)
    fakes, reals = rows[rows["label"] == 1], rows[rows["label"] == 0]
    best = [
        (fakes["probability"], min),
        (fakes["probability"], max),
        (fakes["iou"].dropna(), min),
        (fakes["iou"].dropna(), max),
        (reals["probability"], max),
        (reals["predicted_fraction"], max),
    ]
    assert len(groups) == len(best)
    for group, (values, extreme) in zip(groups, best, strict=True):
        assert values[group.rows.index[0]] == extreme(values), group.title
        videos = group.rows[["method", "video_id"]].drop_duplicates()
        assert len(videos) == len(group.rows) == 3
    # The lowest of each video, the videos from the lowest on.
    lowest = fakes.groupby(["method", "video_id"])["probability"].min().nsmallest(3)
    assert list(groups[0].rows["probability"]) == list(lowest)


def test_false_positives_are_the_reals_from_the_threshold_on(rows):
    reals = rows[rows["label"] == 0]["probability"]
    (tile,) = (
        t for t in tiles(measured(rows), "pristine") if t.title.startswith("False")
    )
    assert tile.mark.value == pytest.approx((reals >= THRESHOLD).mean())
    assert tile.mark.low <= tile.mark.value <= tile.mark.high


def test_a_mask_no_better_than_the_fixed_one_is_marked(rows):
    metrics = measured(rows)
    assert [t.bad for t in tiles(metrics, "pristine")] == [False] * 5
    metrics |= {"iou_image_fakes": 0.1, "fixed_mask_iou_image_fakes": 0.2}
    bad = [t.title for t in tiles(metrics, "pristine") if t.bad]
    assert bad == ["IoU on fakes"]


def test_confusion_counts_every_face_once(rows):
    (binary,) = confusions(rows, THRESHOLD)
    assert list(binary.rows) == ["pristine", "swap", "warp"]
    for method, cells in binary.rows.items():
        probability = rows[rows["method"] == method]["probability"]
        fakes = int((probability >= THRESHOLD).sum())
        assert [count for count, _ in cells] == [len(probability) - fakes, fakes]
        assert sum(share for _, share in cells) == pytest.approx(1)
    named = rows.assign(probability_pristine=0.2, probability_swap=0.8)
    _, five = confusions(named, THRESHOLD)
    assert five.rows["pristine"] == [(0, 0.0), (24, 1.0)]


def test_robustness_is_shown_of_the_same_files_only(rows, tmp_path):
    run, data = tmp_path / "run", tmp_path / "my records"
    missing = robustness_part(run, data, "test", HASHES)
    command = f"fakeloc robustness --run {run} --data '{data}' --split test"
    assert missing.reason and missing.command == command
    folder = run / "robustness" / "my records-test"
    folder.mkdir(parents=True)
    values = {"levels": 5, "mean_frame_auc": 0.71, "lost_frame_auc": 0.22}
    values |= {"mean_iou_image_fakes": None, "lost_iou_image_fakes": None}
    found = {"sha256": HASHES, "faces": 8, "faces_in_split": 9}
    found |= {"corruptions": {"jpeg": values}}
    (folder / "robustness.json").write_text(json.dumps(found))
    (folder / "robustness.svg").write_bytes(b"<svg/>")
    part = robustness_part(run, data, "test", HASHES)
    text = made_up_page(rows, robustness=part)
    assert not part.reason and "JPEG" in text and ">0.710<" in text
    other = robustness_part(run, data, "test", HASHES | {"model": "dd"})
    assert "another model" in other.reason and not other.rows
