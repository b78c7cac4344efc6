"""HTML pages of one file: everything inside, nothing from the web."""

from __future__ import annotations

import base64

import jinja2


def environment(package: str) -> jinja2.Environment:
    """Jinja with escaping on: names of files and videos are strangers' text.

    Args:
        package: whose folder `templates` has the page's own template; that may extend
            `base.html`, which has the looks that all pages share.

    Returns:
        The environment, with the filter `data_uri`.
    """
    result = jinja2.Environment(
        loader=jinja2.ChoiceLoader(
            [jinja2.PackageLoader(package), jinja2.PackageLoader("fakeloc_tf")]
        ),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    result.filters["data_uri"] = data_uri
    return result


def data_uri(picture: bytes, kind: str = "jpeg") -> str:
    """A picture inside of a page, as the address that it has there.

    Args:
        picture: the bytes of its file.
        kind: the second half of its media type, such as `png` or `svg+xml`.
    """
    return f"data:image/{kind};base64,{base64.b64encode(picture).decode()}"
