"""The table of runtimes: what it compares, and that it runs."""

import bench_runtimes
import numpy as np
import pandas as pd
import pytest
import runtime_probe
import runtime_scores
import synthetic
import toy_run

from fakeloc_tf.errors import FakelocError


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runtimes_run") / "toy"
    return toy_run.make_settled_run(folder)


def made_up_rows(scores):
    """Ten videos of three frames; half of the videos are fake."""
    count = len(scores)
    video = np.arange(count) // 3
    fake = video % 2
    return pd.DataFrame(
        {
            "dataset": "made up",
            "method": np.where(fake == 1, "fake", "pristine"),
            "video_id": [f"{v}" for v in video],
            "frame": np.arange(count) % 3,
            "label": fake,
            "probability": scores,
            "mask_valid": True,
            "pixels": 100,
            "true_pixels": 10 * fake,
            "predicted_pixels": 10,
            "intersection": 10 * fake,
            "union": 10,
        }
    )


def test_a_change_is_that_of_the_same_videos():
    rng = np.random.default_rng(0)
    rows = made_up_rows(rng.random(30))
    same = runtime_scores.compare(rows, rows, resamples=50)
    for name in ("auc", "iou"):
        assert same[f"{name}_change"] == 0
        assert same[f"{name}_change_low"] == same[f"{name}_change_high"] == 0
    better = made_up_rows(rows["probability"] + 0.3 * rows["label"])
    found = runtime_scores.compare(better, rows, resamples=50)
    assert found["auc_change"] == pytest.approx(found["auc"] - same["auc"])
    assert 0 < found["auc_change_low"] <= found["auc_change"]
    assert found["auc_change"] <= found["auc_change_high"]


def test_iou_is_the_mean_over_fakes():
    rows = made_up_rows(np.linspace(0, 1, 30))
    rows.loc[rows["label"] == 1, ["intersection", "union"]] = [5, 20]
    found = runtime_scores.compare(rows, made_up_rows(np.linspace(0, 1, 30)), 0)
    assert found["iou"] == pytest.approx(0.25)
    assert found["iou_change"] == pytest.approx(-0.75)
    assert "iou_change_low" not in found


def test_differences_are_largest_and_mean():
    one = {"probability": np.zeros((2, 1)), "localization": np.zeros((2, 4, 4, 1))}
    two = {name: value.copy() for name, value in one.items()}
    two["probability"][1] = -0.5
    two["localization"][0, 0, 0] = 0.32
    found = runtime_scores.differences(two, one)
    assert found == {
        "p_largest": 0.5,
        "p_mean": 0.25,
        "map_largest": 0.32,
        "map_mean": pytest.approx(0.01),
    }


def test_times_are_compared_within_a_turn():
    def turn(seconds):
        return dict.fromkeys(bench_runtimes.TIMES, seconds) | {"peak_mb": 7.0}

    # A busy second turn: both twice as slow.
    found = bench_runtimes.summarise_times(
        [turn(1.0), turn(2.0), turn(1.0)], [turn(3.0), turn(6.0), turn(3.0)]
    )
    assert found["ms_batch_1"] == 1.0
    assert found["ms_batch_1_keras_over_this"] == 3.0


def test_a_face_of_a_batch_is_timed(monkeypatch):
    sizes = []
    clock = iter(range(100))
    monkeypatch.setattr(runtime_probe.time, "perf_counter", lambda: next(clock))
    crops = np.zeros((3, 8, 8, 3), np.uint8)
    found = runtime_probe.milliseconds(lambda f: sizes.append(f.shape), crops, 16)
    assert found == 1000 / 16
    assert set(sizes) == {(16, 8, 8, 3)}
    assert len(sizes) == runtime_probe.WARM_UP + runtime_probe.TIMED


def test_exports_of_another_model_are_not_measured(run, tmp_path):
    (tmp_path / bench_runtimes.MADE_OF).write_text("0123")
    with pytest.raises(FakelocError, match="exports of another model"):
        bench_runtimes.export_of(run, "litert", tmp_path)


@pytest.fixture(scope="module")
def records(tmp_path_factory):
    folder = tmp_path_factory.mktemp("runtimes_data") / "records"
    return synthetic.write_records(folder, {"test": 24})


def test_faces_are_drawn_of_both_classes_and_in_one_order(records):
    faces = runtime_scores.read_faces(records, 12)
    labels = [int(face["label"]) for face in faces.parsed]
    assert len(labels) == 12 and set(labels) == {0, 1}
    assert labels == [int(face["label"]) for face in faces.parsed]
    crops = faces.crops(72)
    for crop, face in zip(crops, faces.parsed, strict=True):
        np.testing.assert_array_equal(crop, face["image"])
    assert len(list(runtime_scores.read_faces(records, 1000).parsed)) == 24
    with pytest.raises(FakelocError, match="1 faces drawn of 24 are not of both"):
        runtime_scores.read_faces(records, 1)


def test_answers_go_to_their_own_faces(records):
    faces = runtime_scores.read_faces(records, 20)
    labels = np.array([int(face["label"]) for face in faces.parsed])
    answers = {
        # A number a face, and masks of fakes alone.
        "probability": np.arange(20, dtype=np.float32)[:, None] / 100 + labels[:, None],
        "localization": np.ones((20, 64, 64, 1), np.float32)
        * labels[:, None, None, None],
    }
    rows = runtime_scores.rows_of(answers, faces, 64)
    assert rows["label"].tolist() == labels.tolist()
    np.testing.assert_allclose(rows["probability"], answers["probability"][:, 0])
    assert (rows["predicted_fraction"] == labels).all()
    assert runtime_scores.compare(rows, rows, 0)["auc"] == 1


@pytest.mark.slow
def test_a_runtime_is_measured_beside_keras(run, records, tmp_path):
    pytest.importorskip("ai_edge_litert")
    bench_runtimes.bench(
        run=run,
        data=records,
        exports=tmp_path / "exports",
        out=tmp_path / "table",
        faces=16,
        turns=1,
        only=["litert_dynamic_range"],
    )
    keras, litert = pd.read_csv(tmp_path / "table.csv").to_dict("records")
    assert keras["p_largest"] < 1e-6 < litert["p_largest"]
    assert keras["ms_batch_1_keras_over_this"] == 1
    assert 0 < litert["file_mb"] < keras["file_mb"]
    assert litert["auc_change"] == pytest.approx(litert["auc"] - keras["auc"])
    text = (tmp_path / "table.md").read_text()
    assert "| litert_dynamic_range |" in text and "16 test faces" in text
