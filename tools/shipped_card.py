"""`shipped.py card`: the model card as Markdown, its figures from files."""

from __future__ import annotations

import textwrap
from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import jinja2
import pandas as pd
import typer
from run_files import read_json
from shipped_goals import outcomes
from shipped_numbers import DASH, Figure
from shipped_tries import COLUMNS

from fakeloc_tf.errors import FakelocError
from fakeloc_tf.evaluation.tables import markdown_rows, with_interval
from fakeloc_tf.files import write_text
from fakeloc_tf.inference.verdict import shown

TEMPLATES = Path(__file__).parent / "templates"
# What fine-tuning is to better, by the names of `fakeloc evaluate`.
TUNED = {
    "frame_auc": "frame AUC",
    "iou_image_fakes": "IoU on fakes",
    "fixed_mask_iou_image_fakes": "IoU of the fixed mean training mask",
    "pixel_auc_image_fakes": "pixel AUC on fakes",
}


def card(
    figures: Annotated[Path, typer.Option(help="figures.json of `report`")],
    tries: Annotated[Path, typer.Option(help="CSV of `tries`")],
    out: Annotated[Path, typer.Option(help="the Markdown file")],
    before: Annotated[
        Path | None, typer.Option(help="metrics.json of `fakeloc evaluate`, as shipped")
    ] = None,
    after: Annotated[
        Path | None, typer.Option(help="the same, of the tuned run")
    ] = None,
    failures: Annotated[
        str | None, typer.Option(help="where the card finds failures.png; none = none")
    ] = None,
) -> int:
    """Writes the card; its figures come from the files."""
    if (before is None) != (after is None):
        raise FakelocError("--before and --after belong together: give both or none")
    tuned = None if before is None or after is None else tuning(before, after)
    text = render(read_json(figures), _read_tries(tries), tuned, failures)
    write_text(out, text)
    print(f"written to {out}")
    return 0


def render(
    figures: Mapping[str, Any],
    tried: pd.DataFrame,
    tuned: list[dict[str, str]] | None = None,
    failures: str | None = None,
) -> str:
    """The card.

    Args:
        figures: of `report`.
        tried: with `shipped_tries.COLUMNS`.
        tuned: of `tuning`; None = not measured.
        failures: path of the picture as the card names it.

    Raises:
        FakelocError: `figures` lacks what the card needs.
    """
    template = _environment().get_template("model_card.md")
    try:
        text = template.render(
            **figures,
            goals=outcomes(figures),
            tries=markdown_rows(tried),
            tuned=tuned,
            picture=failures,
        )
    except (jinja2.UndefinedError, KeyError) as error:
        raise FakelocError(
            f"figures.json lacks a figure ({error}); make it anew with `report`"
        ) from error
    return _filled(text)


def _environment() -> jinja2.Environment:
    """Jinja for Markdown of numbers and of names of the project's own files."""
    environment = jinja2.Environment(
        loader=jinja2.FileSystemLoader(TEMPLATES),
        autoescape=False,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    environment.filters |= {"ci": interval, "percent": percent, "shown": shown}
    return environment


def interval(figure: Figure | None) -> str:
    """`0.812 (0.790 to 0.833)`; a dash where there is no value."""
    if not figure or figure["value"] is None:
        return DASH
    known = figure["low"] is not None
    ends = {"value": [figure["low"], figure["high"]]} if known else {}
    return with_interval(figure, ends, "value")


def percent(figure: Figure | None) -> str:
    """`3 of 17, 17.6% (3.8 to 43.4%)`; a dash where there is no value."""
    if not figure or figure["value"] is None:
        return DASH
    value, low, high = (100 * figure[name] for name in ("value", "low", "high"))
    counts = f"{figure['count']} of {figure['of']}"
    return f"{counts}, {value:.1f}% ({low:.1f} to {high:.1f}%)"


def tuning(before: Path, after: Path) -> list[dict[str, str]]:
    """A row a metric: as shipped, tuned, and the difference.

    Args:
        before, after: metrics.json of `fakeloc evaluate` on the same faces.

    Raises:
        FakelocError: they are of other faces.
    """
    old, new = read_json(before), read_json(after)
    for key in ("dataset", "split", "frame_count", "frame_fakes"):
        if old.get(key) != new.get(key):
            raise FakelocError(
                f"{before} and {after} differ in {key} ({old.get(key)}, "
                f"{new.get(key)}): evaluate both on the same records"
            )
    rows = []
    for name, title in TUNED.items():
        values = [one.get(name) for one in (old, new)]
        gain = DASH if None in values else f"{values[1] - values[0]:+.3f}"
        texts = [
            with_interval(one, one.get("intervals", {}), name) for one in (old, new)
        ]
        rows.append(
            {"title": title, "before": texts[0], "after": texts[1], "gain": gain}
        )
    return rows


def _read_tries(path: Path) -> pd.DataFrame:
    """The table of tries.

    Raises:
        FakelocError: it cannot be read or lacks a column.
    """
    try:
        table = pd.read_csv(path, dtype={"name": str, "commit": str})
    except (OSError, ValueError) as error:
        raise FakelocError(f"{path} cannot be read: {error}") from error
    missing = [name for name in COLUMNS if name not in table]
    if missing:
        raise FakelocError(
            f"{path} lacks {', '.join(missing)}; write it with `python "
            "tools/shipped.py tries RUN ... --out CSV` and add columns if you like"
        )
    texts = table.select_dtypes("object").columns
    return table.astype(dict.fromkeys(texts, object)).where(table.notna(), None)


def _filled(text: str) -> str:
    """Paragraphs of lines that are not too long; tables, lists, code as they are."""
    blocks = [block.strip("\n") for block in text.split("\n\n")]
    return "\n\n".join(_fill(block) for block in blocks if block.strip()) + "\n"


def _fill(block: str) -> str:
    if block.startswith(("|", "#", "    ", "!", "- ")):
        return block
    return textwrap.fill(
        " ".join(block.split()), 88, break_on_hyphens=False, break_long_words=False
    )
