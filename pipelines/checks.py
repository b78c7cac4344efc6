"""What must hold in prepared records: their schema, their counts, no leaks, no skew."""

from __future__ import annotations

import contextlib
import io
from pathlib import Path
from typing import Any

import pandas as pd

from fakeloc_tf.data.records import SPLITS
from fakeloc_tf.errors import FakelocError

SCHEMA = Path(__file__).parent / "schema.pbtxt"
# Faces found by dlib have few sizes, each a fifth above the next (`media.pyramid`):
# medians of two splits may be two of them apart.
MAX_SIZE_RATIO = 1.5


def find_anomalies(
    facts: pd.DataFrame, info: dict[str, Any], schema_path: Path, max_skew: float | None
) -> list[str]:
    """Every fault, in words.

    Args:
        facts: of `face_facts.collect_facts`.
        info: `dataset.json`.
        schema_path: a TFDV schema.
        max_skew: bound on the distance of a feature's distribution in validation or
            test from that in training, 0..1: Jensen-Shannon for numbers, L-infinity
            for words; None = the schema's; 1 = compare nothing.
    """
    return [
        *check_counts(facts, info),
        *check_leaks(facts),
        *check_duplicates(facts),
        *check_masks(facts),
        *(check_sizes(facts) if max_skew is None or max_skew < 1 else ()),
        *check_schema(facts, schema_path, max_skew),
    ]


def check_counts(facts: pd.DataFrame, info: dict[str, Any]) -> list[str]:
    """Faces per split and method against `dataset.json`."""
    found = facts.groupby(["split", "method"]).size()
    told = pd.Series(
        {
            (split, method): count
            for split, methods in info["counts"].items()
            for method, count in methods.items()
            if count
        }
    )
    both = pd.concat([told, found], axis=1, keys=["told", "found"]).fillna(0)
    return [
        f"{split}, {method}: dataset.json counts {row.told:.0f} faces, the records "
        f"have {row.found:.0f}"
        for (split, method), row in both[both.told != both.found].iterrows()
    ]


def check_leaks(facts: pd.DataFrame) -> list[str]:
    """People and videos that are in more than one split."""
    faults = []
    people = facts[["split", "identities"]].drop_duplicates()
    people = people.assign(person=people["identities"].str.split(";")).explode("person")
    for column, table in (("person", people), ("video_id", facts)):
        splits = table.groupby(column)["split"].unique()
        for name, found in splits[splits.str.len() > 1].items():
            kind = column.removesuffix("_id")
            faults.append(f"{kind} {name} is in {' and '.join(sorted(found))}")
    return faults


def check_duplicates(facts: pd.DataFrame) -> list[str]:
    """Faces that come twice without being marked as repeats."""
    key = ["dataset", "method", "video_id", "frame", "repeat"]
    twice = facts[facts.duplicated(key)]
    return [
        f"{video}: {count} faces come twice"
        for video, count in twice.groupby("video_id").size().items()
    ]


def check_masks(facts: pd.DataFrame) -> list[str]:
    """Real faces have an empty mask, fakes with a mask one that is not."""
    real, fake = facts["label"] == 0, facts["label"] == 1
    valid, empty = facts["mask_valid"] == 1, facts["mask_share"] == 0
    kinds = {
        "real faces have a mask": real & ~empty,
        "fakes have an empty mask that is marked as valid": fake & valid & empty,
        "fakes have a mask that is marked as not valid": fake & ~valid & ~empty,
    }
    return [
        f"{rows.sum()} {kind}, e.g. {facts['video_id'][rows].iloc[0]}"
        for kind, rows in kinds.items()
        if rows.any()
    ]


def check_sizes(facts: pd.DataFrame) -> list[str]:
    """Faces that are much larger or smaller in the frame than those of training.

    Their crops are resized by another factor, which a model sees. Sizes on a ladder
    make a histogram of spikes, whose distance from another says little: the medians
    are compared.
    """
    medians = facts.groupby("split")["box_side"].median()
    if "train" not in medians:
        return []
    return [
        f"{split}, box_side: the median is {median:.0f} pixels, {medians['train']:.0f} "
        f"in train; more than a factor of {MAX_SIZE_RATIO} apart"
        for split, median in medians.items()
        if not 1 / MAX_SIZE_RATIO <= median / medians["train"] <= MAX_SIZE_RATIO
    ]


def check_schema(
    facts: pd.DataFrame, schema_path: Path, max_skew: float | None
) -> list[str]:
    """TensorFlow Data Validation: each split against the schema and against train."""
    with contextlib.redirect_stderr(io.StringIO()):
        # It prints that it cannot draw without IPython; nobody draws with it here.
        import tensorflow_data_validation as tfdv

    schema = _load_schema(schema_path)
    by_split = {
        split: tfdv.generate_statistics_from_dataframe(rows)
        for split in SPLITS
        if len(rows := _rows_of(facts, split))
    }
    if max_skew is not None:
        _set_bounds(schema, max_skew)
    faults = []
    for split, statistics in by_split.items():
        serving = None if split == "train" else statistics
        base = by_split.get("train", statistics)
        for compared, found in (
            (False, tfdv.validate_statistics(statistics, schema)),
            (True, tfdv.validate_statistics(base, schema, serving_statistics=serving)),
        ):
            for feature, anomaly in sorted(found.anomaly_info.items()):
                for reason in anomaly.reason:
                    if compared == reason.short_description.startswith("High"):
                        faults.append(f"{split}, {feature}: {reason.description}")
    return faults


def _rows_of(facts: pd.DataFrame, split: str) -> pd.DataFrame:
    """The faces of one split, without the column that says so."""
    rows = facts[facts["split"] == split].drop(columns=["split"])
    return rows.reset_index(drop=True)


def _load_schema(path: Path) -> Any:
    """The schema.

    Raises:
        FakelocError: the file cannot be read as one.
    """
    import tensorflow_data_validation as tfdv
    from google.protobuf.text_format import ParseError

    try:
        return tfdv.load_schema_text(str(path))
    except (OSError, ParseError) as error:
        raise FakelocError(f"{path} is no schema: {error}") from error


def _set_bounds(schema: Any, max_skew: float) -> None:
    """Changes the bounds of the features that are compared; 1 compares nothing."""
    for feature in schema.feature:
        if max_skew >= 1:
            # Rounding can bring a distance above 1.
            feature.ClearField("skew_comparator")
            continue
        comparator = feature.skew_comparator
        for kind in ("infinity_norm", "jensen_shannon_divergence"):
            if comparator.HasField(kind):
                getattr(comparator, kind).threshold = max_skew
