"""People kept for tests who stand among the training people under another id."""

from __future__ import annotations

import re
from collections.abc import Sequence

from fakeloc_tf.data.made.pool import load_pool
from fakeloc_tf.data.portraits import Portrait

# Of a name, given and family name together; initials and titles are shorter.
_SHORTEST, _SHARED = 3, 2


def strangers(
    portraits: Sequence[Portrait], folders: Sequence[str] | None
) -> list[Portrait]:
    """Those whose name no training person has.

    One folder names people by Bioguide, another by ICPSR: the split by id alone may
    have one portrait of a person on either side. Two equal words of a name are taken
    for the same person, which leaves out rather one too many.

    Args:
        portraits: of people kept for tests.
        folders: of the portraits that were trained on; none = nothing is known.
    """
    if not folders:
        return list(portraits)
    trained = [_words(person.name) for person in load_pool(folders)]
    return [
        person
        for person in portraits
        if all(len(_words(person.name) & other) < _SHARED for other in trained)
    ]


def _words(name: str) -> frozenset[str]:
    words = re.findall(r"\w+", name.lower())
    return frozenset(word for word in words if len(word) >= _SHORTEST)
