"""The aggregation of a video, chosen by what is known of made-up videos."""

import numpy as np
import pytest

from fakeloc_tf import metrics
from fakeloc_tf.training.rate_thresholds import WantedRates
from fakeloc_tf.training.video_calibration import LEAST_VIDEOS, calibrate_videos

WANTED = WantedRates(0.05, 0.05)


def partly_fake(videos, frames=8, shown=2):
    """Fakes are manipulated in their first frames only; reals vary as a whole.

    Returns:
        Labels, probabilities and names of the videos, shuffled.
    """
    rng = np.random.default_rng(0)
    fake = np.arange(videos) % 2
    scores = np.repeat(rng.uniform(0.1, 0.5, videos)[:, None], frames, 1)
    scores[fake == 1, :shown] = rng.uniform(0.7, 0.9, (fake.sum(), shown))
    label, name = (np.repeat(v, frames) for v in (fake, np.arange(videos)))
    order = rng.permutation(len(label))
    return label[order], scores.reshape(-1)[order], name[order].astype(str)


def test_the_aggregation_with_the_best_auc_is_chosen():
    label, scores, videos = partly_fake(100)

    chosen, said = calibrate_videos(label, scores, videos, WANTED, 0.9)

    assert chosen.aggregation == "highest_quarter" and said == ()
    assert (
        chosen.auc["highest_quarter"]
        == 1.0
        > max(auc for name, auc in chosen.auc.items() if name != "highest_quarter")
    )
    assert set(chosen.auc) == set(metrics.AGGREGATIONS)
    assert (chosen.reals, chosen.fakes, chosen.faces_per_video) == (50, 50, 8)
    by_video = [scores[videos == name] for name in np.unique(videos)]
    quarter = np.array([np.sort(p)[-2:].mean() for p in by_video])
    fake = np.array([label[videos == name][0] for name in np.unique(videos)])
    assert np.mean(quarter[fake == 0] >= chosen.fpr.threshold) == chosen.fpr.reached
    assert 0 < chosen.fpr.reached <= 0.05
    # They are apart, so the other threshold is the same, and no fake is below it.
    assert chosen.fnr.threshold == chosen.fpr.threshold and chosen.fnr.reached == 0


def test_of_equally_good_ones_the_mean_is_taken():
    label = np.repeat(np.arange(60) % 2, 3)
    videos = np.repeat(np.arange(60), 3).astype(str)

    chosen, _ = calibrate_videos(label, 0.1 + 0.8 * label, videos, WANTED, 0.5)

    assert set(chosen.auc.values()) == {1.0} and chosen.aggregation == "mean"


def test_too_few_videos_have_the_mean_and_the_thresholds_of_faces():
    count = 2 * LEAST_VIDEOS - 1

    chosen, said = calibrate_videos(*partly_fake(count), WANTED, 0.9)

    assert chosen.aggregation == "mean" and chosen.auc == {}
    assert "20 real and 19 fake videos are too few to choose" in said[0]
    # 20 reals just show 5 %, 19 fakes do not.
    assert chosen.fpr is not None and chosen.fnr is None
    assert "19 fake videos cannot show" in said[1]
    assert said[1].endswith("for videos the threshold of faces is used")


def test_a_required_rate_is_one_of_faces_only():
    wanted = WantedRates(0.001, 0.001, ["fpr", "fnr"])

    chosen, said = calibrate_videos(*partly_fake(60), wanted, 0.9)

    assert chosen.fpr is None and chosen.fnr is None and len(said) == 2
    assert chosen.aggregation == "highest_quarter"


def test_single_pictures_say_nothing_of_videos():
    label, scores, videos = partly_fake(100, frames=1, shown=1)

    chosen, said = calibrate_videos(label, scores, videos, WANTED, 0.5)

    assert chosen.auc == {} and chosen.fpr is None and chosen.fnr is None
    assert len(said) == 1 and "every validation video has one face" in said[0]


def test_the_threshold_of_faces_bounds_what_is_called_real():
    label, scores, videos = partly_fake(100)

    chosen, _ = calibrate_videos(label, scores, videos, WantedRates(None, 0.05), 0.2)

    assert chosen.fpr is None and chosen.fnr.threshold == pytest.approx(0.2)
