"""What an ordinary output of a notebook's cell shows, as blocks: the first of its forms of which something is left."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, Any

from werkbank.reporting.cleaning import of_html, of_markdown
from werkbank.reporting.own import WIDEST_MM, Shown, of_png, of_text

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

PICTURES = ("image/png", "image/svg+xml", "image/jpeg")
_ADDRESS = re.compile(r" at 0x[0-9a-fA-F]{4,}")
_ESCAPE = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")  # colours of a terminal
# what matplotlib's functions return, beside the picture that a reader sees
_HANDLE = re.compile(r"\[*\(?\[*\(?(?:<|array\(|Text\(|\{'whiskers')")


def adopted(data: Mapping[str, Any], metadata: Mapping[str, Any]) -> Shown | None:
    """Return what a display shows, from its forms by MIME type; None when nothing in it can be shown.

    HTML goes before pictures, and those before text, because a table's HTML says more than its print.
    """
    ways: tuple[tuple[str, Callable[[Any], Shown | None]], ...] = (
        ("text/html", of_html),
        ("text/markdown", of_markdown),
        ("image/png", lambda image: of_png(base64.b64decode(image), metadata.get("image/png", {}).get("width"))),
        ("image/svg+xml", _svg),
        ("image/jpeg", lambda image: of_png(base64.b64decode(image))),
        ("text/plain", printed),
    )
    for kind, way in ways:
        if kind not in data:
            continue
        content = "".join(data[kind]) if isinstance(data[kind], list) else data[kind]
        try:
            found = way(content)
        except (OSError, ValueError):  # no picture, or no text
            continue
        if found is not None:
            return found
    return None


def printed(text: str) -> Shown | None:
    """Return what was printed, as a terminal would leave it; None for space and for a bare object's address."""
    text = _ESCAPE.sub("", text).replace("\r\n", "\n")
    text = "\n".join(line.rstrip("\r").rpartition("\r")[2] for line in text.split("\n"))  # a bar that renewed itself
    if not text.strip() or (_ADDRESS.search(text) and re.fullmatch(r"\s*\[?<.*>\]?\s*", text, re.DOTALL)):
        return None
    return of_text(_ADDRESS.sub("", text))  # an address differs from run to run


def is_handle(data: Mapping[str, Any]) -> bool:
    """Whether a display is only what a drawing function returned: it says nothing beside the picture."""
    text = data.get("text/plain", "")
    text = "".join(text) if isinstance(text, list) else text
    return set(data) == {"text/plain"} and _HANDLE.match(text) is not None


def _svg(drawing: str) -> Shown:
    """Return a drawing as pixels: whatever else an SVG may hold, scripts among it, is not passed on."""
    import typst

    from werkbank.reporting.formats.pixels import pixels

    try:
        return of_png(pixels(drawing.encode(), WIDEST_MM))
    except (typst.TypstError, RuntimeError) as error:
        raise ValueError(str(error)) from error
