"""Rows are written in parts: memory does not grow with their number."""

import pandas as pd
import pytest
from made_up import made_up_predictions
from pyarrow import parquet

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation import predictions


@pytest.fixture
def small_groups(monkeypatch):
    monkeypatch.setattr(predictions, "GROUP_ROWS", 10)


def test_parts_come_back_as_one_table(small_groups, tmp_path):
    rows = made_up_predictions().assign(video_id=lambda t: t["video_id"] + "ü")
    parts = [rows[i : i + 4] for i in range(0, len(rows), 4)]

    assert predictions.write(iter(parts), tmp_path / "new" / "p.parquet") == 72

    found = predictions.read(tmp_path / "new" / "p.parquet")
    pd.testing.assert_frame_equal(found, rows)
    # Twelve rows are the first whole parts that are ten or more.
    groups = parquet.ParquetFile(tmp_path / "new" / "p.parquet")
    assert groups.num_row_groups == 6
    assert [path.name for path in (tmp_path / "new").iterdir()] == ["p.parquet"]


def test_no_more_parts_are_held_than_a_group_needs(small_groups, tmp_path):
    rows = made_up_predictions()
    written = []

    class Writer(parquet.ParquetWriter):
        def write_table(self, table, **more):
            written.append(len(table))
            super().write_table(table, **more)

    def parts():
        for start in range(0, len(rows), 4):
            assert start - sum(written) <= 12 + 4
            yield rows[start : start + 4]

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(parquet, "ParquetWriter", Writer)
        predictions.write(parts(), tmp_path / "p.parquet")
    assert sum(written) == len(rows)


def test_a_failure_leaves_the_old_file_and_nothing_else(small_groups, tmp_path):
    path = tmp_path / "p.parquet"
    rows = made_up_predictions()
    predictions.write([rows], path)

    def parts():
        yield rows[:30]
        yield rows[30:50]
        raise OSError("the disk is gone")

    with pytest.raises(OSError, match="gone"):
        predictions.write(parts(), path)

    assert list(tmp_path.iterdir()) == [path]
    assert len(predictions.read(path)) == len(rows)


def test_without_rows_there_is_no_file(tmp_path):
    assert predictions.write([], tmp_path / "p.parquet") == 0
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_no_parquet_is_named(tmp_path):
    (tmp_path / "p.parquet").write_text("no")
    with pytest.raises(FakelocError, match="p.parquet"):
        predictions.read(tmp_path / "p.parquet")
