"""The arithmetic of `tools/bench_score.py`, and its pictures."""

import bench_score
import pytest
from process_cost import Cost

from fakeloc_tf.media.images import read_image


def test_start_up_is_not_part_of_what_a_file_takes():
    # 10 s of start-up (4 of them on the processor), 0.5 s and 0.8 s a file.
    few, many = Cost(10 + 20 * 0.5, 4 + 20 * 0.8, 0), Cost(10 + 100 * 0.5, 4 + 80, 0)
    speed = bench_score.speed_of(few, many, (20, 100))
    assert speed.start_up == pytest.approx(10)
    assert speed.seconds == pytest.approx(0.5)
    assert speed.cpu == pytest.approx(0.8)


def test_all_cores_of_the_machine_are_paid_for():
    speed = bench_score.Speed(start_up=10, seconds=0.36, cpu=0.1)
    hours, price = bench_score.price_of_million(speed, cores=2, price=0.05)
    assert hours == pytest.approx(200)
    assert price == pytest.approx(10)


def test_pictures_differ_and_have_the_wanted_size(tmp_path):
    bench_score.write_pictures(tmp_path, 66, 320)
    files = sorted(tmp_path.rglob("*.jpg"))
    assert len({path.read_bytes() for path in files}) == 66
    assert {read_image(path).shape for path in files} == {(240, 320, 3)}
