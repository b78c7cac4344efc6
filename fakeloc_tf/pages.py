"""HTML pages of one file: everything inside, nothing from the web."""

from __future__ import annotations

import base64
import hashlib
import re
from typing import Any

import jinja2

# Control characters and those that turn the direction of writing: with them a name
# can look like another. Lone surrogates are no text and cannot be written.
_HIDDEN = re.compile(
    "[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028-\u202e"
    "\u2066-\u2069\ufeff\ud800-\udfff]"
)


def environment(package: str) -> jinja2.Environment:
    """Jinja with escaping on: names of files and videos are strangers' text.

    Characters that cannot be seen are spelled out (`visible`). A template that sets
    `script` gets it at the end of its page, and no other script runs there.

    Args:
        package: whose folder `templates` has the page's own template; that may extend
            `base.html`, which has the looks that all pages share.

    Returns:
        The environment, with the filters `data_uri` and `script_hash`.
    """
    result = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader(package), jinja2.PackageLoader("fakeloc_tf")]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_finalize,
    )
    result.filters["data_uri"] = data_uri
    result.filters["script_hash"] = script_hash
    return result


def data_uri(picture: bytes, kind: str = "jpeg") -> str:
    """A picture inside of a page, as the address that it has there.

    Args:
        picture: the bytes of its file.
        kind: the second half of its media type, such as `png` or `svg+xml`.
    """
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"


def script_hash(script: str) -> str:
    """The source by which a Content-Security-Policy lets this one script run."""
    digest = hashlib.sha256(script.encode()).digest()
    return f"sha256-{base64.b64encode(digest).decode()}"


def visible(text: str) -> str:
    r"""`text` with characters that cannot be seen spelled out, such as `\u202e`."""
    return _HIDDEN.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def _finalize(value: Any) -> Any:
    """What Jinja does with each value before it is escaped."""
    # A template's own text (Markup) is no stranger's.
    return visible(value) if type(value) is str else value
