"""The layouts of data sets that users have: recognised from the tree, or named."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from fakeloc_tf.errors import FakelocError
from pipelines.layouts import celebdf, dfdc, ffpp, folder, manifest
from pipelines.layouts.request import Request
from pipelines.sources import Listing


@dataclass(frozen=True)
class Layout:
    """How a data set is laid out.

    Attributes:
        recognises: whether a path looks like it.
        lists: its videos and pictures.
        looks_like: for the message where nothing was recognised.
    """

    recognises: Callable[[Path], bool]
    lists: Callable[[Request], Listing]
    looks_like: str


LAYOUTS = {
    "ffpp": Layout(
        ffpp.recognises,
        ffpp.list_sources,
        "FaceForensics++ has original_sequences/ and manipulated_sequences/",
    ),
    "celebdf": Layout(
        celebdf.recognises,
        celebdf.list_sources,
        "Celeb-DF v2 has Celeb-real/, YouTube-real/ and Celeb-synthesis/",
    ),
    "dfdc": Layout(
        dfdc.recognises,
        dfdc.list_sources,
        "DFDC has dfdc_train_part_N/metadata.json, metadata.json or labels.csv",
    ),
    "folder": Layout(
        folder.recognises, folder.list_sources, "a plain folder has real/ and fake/"
    ),
    "manifest": Layout(
        manifest.recognises,
        manifest.list_sources,
        "a manifest is a .csv file with the columns file and label",
    ),
}


def list_sources(request: Request, layout: str | None = None) -> Listing:
    """Lists a data set in the layout that is given, or recognised.

    Raises:
        FakelocError: the path is missing or has no known layout.
    """
    if not request.path.exists():
        raise FakelocError(f"--input {request.path} does not exist")
    if layout is None:
        found = [name for name, one in LAYOUTS.items() if one.recognises(request.path)]
        if not found:
            known = "; ".join(one.looks_like for one in LAYOUTS.values())
            raise FakelocError(f"{request.path} has no known layout: {known}")
        layout = found[0]
    if request.identities and layout != "folder":
        raise FakelocError(
            f"--identities is for the layout `folder`; {layout} says itself who is who"
        )
    return LAYOUTS[layout].lists(request)
