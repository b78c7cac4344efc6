"""Three answers, their bounds, and what they are said to mean."""

import dataclasses
import json

import numpy as np
import pytest
from doubles import make_info
from hypothesis import given
from hypothesis import strategies as st

from fakeloc_tf.config import Config
from fakeloc_tf.errors import FakelocError
from fakeloc_tf.inference.model_info import ModelInfo
from fakeloc_tf.inference.run_info import from_config
from fakeloc_tf.inference.verdict import (
    ALL,
    LIKELY_MANIPULATED,
    LIKELY_REAL,
    NOT_SURE,
    Thresholds,
    shown,
    verdict,
)
from fakeloc_tf.models.calibration import Calibration

FACES = {"interval_faces": [0.01, 0.02], "interval_videos": [0.03, 0.04]}
# As files were before there were three verdicts.
OLD = {
    "temperature": 2.0,
    "at_bound": False,
    "validation_threshold": 0.5,
    "fpr": {"wanted": 0.05, "threshold": 0.8, "reached": 0.0473} | FACES,
    "split": "val",
    "dataset": "cheese",
    "records_sha256": "0",
    "model_sha256": "0",
    "faces": 550,
    "reals": 275,
    "real_videos": 30,
    "fake_share": 0.5,
    "before": {"nll": 1, "ece": 1, "brier": 1},
    "after": {"nll": 1, "ece": 1, "brier": 1},
    "warnings": [],
}
NEW = OLD | {
    "fnr": {"wanted": 0.1, "threshold": 0.2, "reached": 0.08} | FACES,
    "fake_videos": 40,
    "video": {
        "aggregation": "median",
        "auc": {"mean": 0.8, "median": 0.9},
        "reals": 30,
        "fakes": 40,
        "faces_per_video": 5.5,
        "fpr": {"wanted": 0.05, "threshold": 0.7, "reached": 0.033} | FACES,
        "fnr": {"wanted": 0.1, "threshold": 0.3, "reached": 0.025} | FACES,
    },
}


def info_of(calibration):
    stored = Calibration.model_validate_json(json.dumps(calibration))
    return from_config(Config(), {"validation_threshold": 0.5}, stored)


def test_a_verdict_begins_at_its_threshold():
    sides = Thresholds(manipulated=0.8, real=0.2)

    said = [verdict(p, sides) for p in (0.0, 0.199, 0.2, 0.799, 0.8, 1.0)]

    assert said == [LIKELY_REAL] * 2 + [NOT_SURE] * 2 + [LIKELY_MANIPULATED] * 2
    assert verdict(float("nan"), sides) == NOT_SURE
    one = Thresholds(0.5, 0.5)
    assert [verdict(p, one) for p in (0.499, 0.5)] == [LIKELY_REAL, LIKELY_MANIPULATED]


@given(st.floats(0, 1), st.floats(0, 1), st.none() | st.floats(0, 1))
def test_doubts_and_a_missing_side_are_never_sure(p, manipulated, real):
    sides = Thresholds(manipulated, None if real is None else min(real, manipulated))

    assert verdict(p, sides, doubted=True) == NOT_SURE
    assert verdict(p, Thresholds(manipulated, None)) != LIKELY_REAL
    assert (verdict(p, sides) == LIKELY_MANIPULATED) == (p >= manipulated)


def test_verdicts_have_words_and_sides_do_not_overlap():
    assert [shown(v) for v in ALL] == ["likely manipulated", "not sure", "likely real"]
    with pytest.raises(ValueError, match="Received: real"):
        shown("real")
    with pytest.raises(ValueError, match="real=0.6, manipulated=0.5"):
        Thresholds(0.5, 0.6)


def test_a_calibration_gives_the_thresholds_of_faces_and_of_videos():
    info = info_of(NEW)

    assert info.thresholds() == Thresholds(0.8, 0.2)
    assert info.video_thresholds() == Thresholds(0.7, 0.3)
    assert info.aggregation == "median" and info.false_negative_rate == 0.1
    assert info.calibrated_on == "cheese"


def test_a_calibration_of_before_calls_nothing_real():
    info = info_of(OLD)

    assert info.thresholds() == info.video_thresholds() == Thresholds(0.8, None)
    assert info.aggregation == "mean"
    assert "not known" in info.meanings()[LIKELY_REAL]


def test_one_threshold_without_a_rate_divides_both_sides_and_says_so():
    for info in (
        from_config(Config(), {"validation_threshold": 0.3}),
        info_of(OLD | {"fpr": None, "validation_threshold": 0.3}),
        make_info(threshold=0.3),
    ):
        info = dataclasses.replace(info, threshold=0.3)
        assert info.thresholds() == info.video_thresholds() == Thresholds(0.3, 0.3)
        assert info.rates_hold_for().startswith("No rate of errors is known")
        assert (
            "real faces are called so by mistake is not known"
            in (info.meanings()[LIKELY_MANIPULATED])
        )


def test_a_video_takes_a_missing_side_from_faces_below_its_own():
    video = NEW["video"] | {"fpr": NEW["video"]["fpr"] | {"threshold": 0.1}}

    info = info_of(NEW | {"video": video | {"fnr": None}})

    assert info.video_thresholds() == Thresholds(0.1, 0.1)
    assert "not known" in info.meanings("video")[LIKELY_REAL]
    assert "3.3% of 30 real videos" in info.meanings("video")[LIKELY_MANIPULATED]


def test_the_users_threshold_forgets_the_rates_of_what_it_changes():
    info = info_of(NEW)

    high, low = info.with_threshold(0.9), info.with_threshold(0.25)

    assert high.thresholds() == Thresholds(0.9, 0.2)
    assert high.video_thresholds() == Thresholds(0.9, 0.3)
    assert set(high.rates) == {"face_real", "video_real"}
    assert high.false_negative_rate == 0.1
    # 0.25 is above the faces' 0.2 and below the videos' 0.3.
    assert low.thresholds() == Thresholds(0.25, 0.2)
    assert low.video_thresholds() == Thresholds(0.25, 0.25)
    assert set(low.rates) == {"face_real"}
    lowest = info.with_threshold(0.1)
    assert lowest.thresholds() == Thresholds(0.1, 0.1) and not lowest.rates
    assert lowest.false_negative_rate is None
    assert lowest.rates_hold_for() == (
        "No rate of errors is known: the threshold is given by the user."
    )


def test_sentences_say_rate_interval_and_what_they_rest_on():
    said = info_of(NEW).meanings()

    assert set(said) == set(ALL)
    assert said[LIKELY_MANIPULATED] == (
        "a face with a score of 0.8 or more; on validation 4.73% of 275 real faces of "
        "30 videos (at most 5% wanted; 95% interval, by videos, 3% to 4%) were called "
        "so by mistake"
    )
    assert (
        "below 0.2; on validation 8% of 275 fake faces of 40 videos"
        in (said[LIKELY_REAL])
    )
    assert said[NOT_SURE].startswith("a face with a score from 0.2 to below 0.8, or")
    video = info_of(NEW).meanings("video")
    assert "2.5% of 40 fake videos (at most 10% wanted" in video[LIKELY_REAL]
    assert "of cheese" in info_of(NEW).rates_hold_for()
    assert "the more people a file shows" in info_of(NEW).rates_hold_for()


def test_sentences_do_not_round_a_threshold_to_one():
    near = make_info(threshold=float(np.nextafter(np.float32(1), np.float32(0))))

    assert "score of 0.99999994 or more" in near.meanings()[LIKELY_MANIPULATED]


def test_descriptions_survive_json_and_older_ones_are_read(tmp_path):
    path = tmp_path / "fakeloc.json"
    info = info_of(NEW)
    path.write_text(info.to_json())
    assert ModelInfo.from_json(path) == info

    values = json.loads(path.read_text())
    for name in (
        "real_threshold",
        "false_negative_rate",
        "aggregation",
        "video_threshold",
        "video_real_threshold",
        "rates",
        "calibrated_on",
    ):
        del values[name]
    path.write_text(json.dumps(values))
    assert ModelInfo.from_json(path).thresholds() == Thresholds(0.8, None)

    for broken in ({"aggregation": "mode"}, {"rates": {"face_real": {"low": 1}}}):
        path.write_text(json.dumps(values | broken))
        with pytest.raises(FakelocError, match="does not describe a model"):
            ModelInfo.from_json(path)
