"""Examples to click: an embedded portrait, and a manipulation of the same person."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from html import escape
from pathlib import Path

import numpy as np

from fakeloc_tf.data.portraits import load_portraits
from fakeloc_tf.manipulate.methods import MANIPULATIONS
from fakeloc_tf.media.images import encode_jpeg, write_png

METHOD = "Deepfakes"
CREDIT = (
    "The examples are an official portrait of a member of the 118th United States "
    "Congress (public domain, 17 U.S.C. § 105) and the same person's own face blended "
    "onto itself by this program. The person shown does not endorse this project, and "
    "no endorsement is implied."
)


@dataclass(frozen=True)
class Sample:
    """One example.

    Attributes:
        title: for people; also the name of the file in the answer.
        caption: what is known of it.
        path: the file to examine.
        pictures: (uint8 [H, W, 3] RGB or [H, W] grey, text) to show.
    """

    title: str
    caption: str
    path: Path
    pictures: tuple[tuple[np.ndarray, str], ...]

    def html(self) -> str:
        """The card, without its button; everything inside, nothing to load."""
        shown = "".join(
            f'<img alt="{escape(text)}" src="data:image/jpeg;base64,{_jpeg(image)}">'
            for image, text in self.pictures
        )
        return (
            f'<figure class="sample"><div>{shown}</div><figcaption><b>'
            f"{escape(self.title)}</b> {escape(self.caption)}</figcaption></figure>"
        )


def make_samples(folder: Path) -> list[Sample]:
    """A pristine portrait and its manipulation, which is made here.

    Args:
        folder: exists; the manipulated picture is written there.
    """
    # A person of the test split: a model of the demo set has not seen this face.
    portrait = next(p for p in load_portraits() if p.split == "test")
    pristine = portrait.image()
    fake = MANIPULATIONS[METHOD](
        pristine, portrait.landmarks, np.random.default_rng(0), 1.0
    )
    path = folder / "manipulated.png"
    write_png(path, fake.image_uint8)
    share = np.mean(fake.mask_uint8 > 0)
    return [
        Sample(
            "Pristine portrait",
            f"{portrait.name}, as published.",
            portrait.path,
            ((pristine, f"Portrait of {portrait.name}"),),
        ),
        Sample(
            "Manipulated portrait",
            f"The same face blended onto itself ({METHOD} of the demo set). The true "
            f"region, white, is known exactly: {share:.0%} of the picture.",
            path,
            (
                (fake.image_uint8, "The manipulated portrait"),
                (fake.mask_uint8, "The true region, in white"),
            ),
        ),
    ]


def _jpeg(image_uint8: np.ndarray) -> str:
    """Base64 of the picture as JPEG."""
    if image_uint8.ndim == 2:
        image_uint8 = np.repeat(image_uint8[..., None], 3, axis=-1)
    return base64.b64encode(encode_jpeg(image_uint8)).decode()
