"""The looks of the page: the machine's own fonts, nothing to load."""

from __future__ import annotations

from pathlib import Path

import gradio as gr

SANS = ["system-ui", "-apple-system", "Segoe UI", "Roboto", "DejaVu Sans", "sans-serif"]
MONO = ["ui-monospace", "DejaVu Sans Mono", "monospace"]


def theme() -> gr.themes.Base:
    """Gradio's plain theme with fonts that every machine has."""
    return gr.themes.Base(
        primary_hue="blue", neutral_hue="slate", font=SANS, font_mono=MONO
    )


def head() -> str:
    """The page's own script: the height of the report, and its download."""
    script = Path(__file__).parent / "templates" / "page.js"
    return f"<script>{script.read_text(encoding='utf-8')}</script>"
