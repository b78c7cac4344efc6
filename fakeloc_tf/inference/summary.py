"""What `fakeloc detect` says at its end: counts, answers, problems."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence

from fakeloc_tf.inference.outputs import Row
from fakeloc_tf.inference.run import READ
from fakeloc_tf.inference.verdict import shown
from fakeloc_tf.pages import visible

# Problems that the summary names; all of them are in results.jsonl.
MAX_NAMED = 20
# With at most so many files the summary has the verdict and score of each.
MAX_SHOWN = 5


def summary(rows: Sequence[Row]) -> Iterator[str]:
    """How many files came out how, and those with a problem; a line each.

    Args:
        rows: a head of every file (`outputs.head_of`).
    """
    for key in ("status", "verdict"):
        counts = Counter(row[key] for row in rows if key in row)
        if counts:
            parts = (f"{n} {name.replace('_', ' ')}" for name, n in counts.items())
            yield ", ".join(parts)
    judged = [row for row in rows if "verdict" in row]
    for row in judged if len(judged) <= MAX_SHOWN else ():
        answer = f"{shown(row['verdict'])} {row['probability']:.3f}"
        yield _in_one_line(f"{answer}: {row['path']}")
    odd = [row for row in rows if row["status"] not in READ or row.get("note")]
    for row in odd[:MAX_NAMED]:
        reason = row.get("reason") or row.get("note") or ""
        # Many reasons begin with the path themselves.
        reason = reason.removeprefix(row["path"]).lstrip(": ")
        yield _in_one_line(f"{row['status']}: {row['path']}: {reason}")
    if len(odd) > MAX_NAMED:
        yield f"  and {len(odd) - MAX_NAMED} more, see results.jsonl"


def _in_one_line(text: str) -> str:
    """A line of the summary; names hold line breaks and commands to the terminal."""
    line = visible(f"  {text}")
    return line.replace("\n", "\\n").replace("\r", "\\r").replace("\t", "\\t")
