"""Figures as PNG and SVG: the same bytes for the same figure."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib import rc_context
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.backends.backend_svg import FigureCanvasSVG
from matplotlib.figure import Figure

from fakeloc_tf.files import write_bytes


def png_bytes(figure: Figure) -> bytes:
    """The figure as a PNG, at its own resolution."""
    buffer = io.BytesIO()
    FigureCanvasAgg(figure).print_png(buffer)
    return buffer.getvalue()


def svg_bytes(figure: Figure, *, text: bool = False) -> bytes:
    """The figure as an SVG.

    Args:
        figure: what to draw.
        text: letters stay letters, which can be searched; or are outlines, which look
            alike on every machine.
    """
    buffer = io.BytesIO()
    letters = "none" if text else "path"
    with rc_context({"svg.hashsalt": "fakeloc", "svg.fonttype": letters}):
        FigureCanvasSVG(figure).print_svg(buffer, metadata={"Date": None})
    return buffer.getvalue()


def save_figure(figure: Figure, stem: Path, *, text: bool = False) -> list[Path]:
    """Writes `<stem>.png` and `<stem>.svg`, each whole or not at all.

    Args:
        figure: laid out once, so that both files look alike.
        stem: without suffix.
        text: see `svg_bytes`.
    """
    png, svg = (stem.with_name(f"{stem.name}.{kind}") for kind in ("png", "svg"))
    picture = png_bytes(figure)
    figure.set_layout_engine("none")
    write_bytes(png, picture)
    write_bytes(svg, svg_bytes(figure, text=text))
    return [png, svg]
