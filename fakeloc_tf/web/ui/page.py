"""The page: a place to drop a file, examples, the answer, and what it cannot see."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import suppress
from pathlib import Path
from typing import Any

import gradio as gr

from fakeloc_tf.pages import environment
from fakeloc_tf.web.limits import SUFFIXES
from fakeloc_tf.web.ui.examine import Examiner
from fakeloc_tf.web.ui.samples import CREDIT, Sample

TEMPLATES = Path(__file__).parent / "templates"
TITLE = "Detect and locate manipulated faces"
# Visitors who may wait; a further one is told to come back.
MAX_QUEUE = 8
# Uploads that nobody sent off are looked for, and removed at this age, in seconds; it
# is longer than the wait in a full queue.
SWEEP_EVERY, SWEEP_AGE = 300, 3600
EMPTY = '<p class="waiting">The answer appears here.</p>'
WORKING = '<p class="waiting"></p>'
_SHOW_ANSWER = (
    "() => document.querySelector('#answer')?.scrollIntoView({block: 'nearest'})"
)


def build(examiner: Examiner, samples: list[Sample], uploads: Path) -> gr.Blocks:
    """The page, ready to be served.

    Args:
        examiner: does the work.
        samples: the examples.
        uploads: where Gradio puts uploads; files elsewhere are refused.
    """

    with gr.Blocks(
        title=TITLE, analytics_enabled=False, delete_cache=(SWEEP_EVERY, SWEEP_AGE)
    ) as page:
        gr.HTML(_part("intro.html", examiner))
        with gr.Row(equal_height=True, elem_id="inputs"):
            drop = gr.File(
                label="Picture or video", height=250, scale=5, min_width=260,
                elem_id="drop",
            )  # fmt: skip
            buttons = [_card(sample) for sample in samples]
        answer = gr.HTML(EMPTY, elem_id="answer", min_height=90)
        gr.HTML(_part("about.html", examiner))
        _refuse_addresses(drop)
        on_upload = _on_upload(examiner, uploads)
        _listen(drop.upload, on_upload, [drop], [answer, drop])
        for button, sample in zip(buttons, samples, strict=True):
            _listen(button.click, _on_sample(examiner, sample), [], [answer])
    page.queue(max_size=MAX_QUEUE, api_open=False, default_concurrency_limit=1)
    return page


def discard(upload: Path, uploads: Path) -> None:
    """Removes an upload and the folder that Gradio made for it.

    Args:
        upload: the file.
        uploads: the folder of all uploads; nothing else is touched.
    """
    real, root = upload.resolve(), uploads.resolve()
    if root not in real.parents:
        return
    real.unlink(missing_ok=True)
    if real.parent != root:
        # Not empty while another visitor's file is there, or gone already.
        with suppress(OSError):
            real.parent.rmdir()


def _refuse_addresses(drop: gr.File) -> None:
    """Keeps the server from fetching a file from the web for a client that asks so."""
    take = drop.async_move_resource_to_block_cache

    async def take_local(path: str | Path | None) -> str | None:
        if "://" in str(path):
            raise gr.Error("Only files can be examined, not addresses.")
        return await take(path)

    drop.async_move_resource_to_block_cache = take_local  # type: ignore[assignment, method-assign]


def _on_upload(examiner: Examiner, uploads: Path) -> Callable[..., Any]:
    """What a dropped file does."""

    def on_upload(
        sent: dict[str, Any] | None, progress: gr.Progress = gr.Progress()
    ) -> Iterator[tuple[str, Any]]:
        if not sent:
            return
        upload = Path(sent["path"])
        name = sent.get("orig_name") or upload.name
        try:
            # The last answer goes at once, lest it is taken for this one.
            yield WORKING, gr.skip()
            yield _work(examiner, upload, name, progress), None
        finally:
            discard(upload, uploads)

    return on_upload


def _on_sample(examiner: Examiner, sample: Sample) -> Callable[..., Any]:
    """What a click on the example does."""

    def on_sample(progress: gr.Progress = gr.Progress()) -> Iterator[str]:
        yield WORKING
        name = f"{sample.title}{sample.path.suffix}"
        yield _work(examiner, sample.path, name, progress)

    return on_sample


def _work(examiner: Examiner, path: Path, name: str, progress: gr.Progress) -> str:
    """Examines under a progress bar; HTML of the answer."""
    progress(0.0, desc="Looking for faces")

    def tell(share: float) -> None:
        progress(min(share, 1.0), desc="Looking at it")

    return examiner.answer(path, name, tell).html()


def _listen(
    event: Any, function: Callable[..., Any], inputs: list, outputs: list
) -> None:
    """All events wait in one queue: one file is worked on at a time."""
    done = event(
        function, inputs, outputs,
        # The raw value has the name that the visitor's file has, and Gradio's own
        # reading of it leaves an empty file behind.
        preprocess=False,
        concurrency_id="model", concurrency_limit=1, api_visibility="private",
        show_progress_on=outputs[:1],
    )  # fmt: skip
    done.then(None, js=_SHOW_ANSWER, queue=False, api_visibility="private")


def _card(sample: Sample) -> gr.Button:
    """An example and its button."""
    with gr.Column(scale=1 + len(sample.pictures), min_width=200):
        gr.HTML(sample.html())
        return gr.Button("Examine", size="sm", elem_classes="examine")


def _part(name: str, examiner: Examiner) -> str:
    """A piece of the page's text."""
    template = environment("fakeloc_tf.web.ui").get_template(name)
    return template.render(
        title=TITLE,
        limits=examiner.limits,
        suffixes=[suffix.removeprefix(".") for suffix in SUFFIXES],
        model=examiner.detector.info,
        credit=CREDIT,
    )
