"""Any finished file -> what a stranger finds in it, and in what is inside it: its text, its tables, and who made it."""

from __future__ import annotations

import base64
import binascii
import csv
import io
import json
import re
import zipfile
from contextlib import suppress
from dataclasses import replace
from html import unescape
from pathlib import PurePath
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from werkbank.disclosure.offices import read_docx, read_xlsx
from werkbank.disclosure.pictures import is_picture, read_picture
from werkbank.disclosure.portable import read_pdf
from werkbank.disclosure.reading import Cells, Read, strings
from werkbank.errors import Problem, UnfitError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

PACKED = re.compile(r"data:([\w.+/-]*)((?:;[\w=.\"-]+)*?);base64,([A-Za-z0-9+/=\s]+)")
WRITTEN = re.compile(r"data:(image/svg\+xml|text/[\w.+-]+|application/json)((?:;[\w=.\"-]+)*),([^\"')\s>]+)")
BLOCKS = re.compile(
    r"</?(?:address|article|aside|blockquote|br|caption|dd|desc|details|div|dl|dt|fieldset|figcaption|figure|footer|form"
    r"|h[1-6]|header|hr|li|main|nav|ol|option|p|pre|section|summary|table|tbody|td|text|tfoot|th|thead|title|tr|ul)\b"
    r"[^>]*>",
    re.IGNORECASE,
)
CODE = re.compile(r"<(script|style)\b.*?</\1\s*>", re.IGNORECASE | re.DOTALL)
COMMENT = re.compile(r"<!--(.*?)-->", re.DOTALL)
SPOKEN = re.compile(
    r"\b(?:alt|title|aria-[a-z]+|content|summary|placeholder|value|label|data-[a-z-]+)=(?:\"([^\"]*)\"|'([^']*)')",
    re.IGNORECASE,
)
BY = re.compile(r"<meta\b(?=[^>]*\bname=[\"']?(?:author|creator)\b)[^>]*\bcontent=[\"']([^\"']+)", re.IGNORECASE)
DEEPEST = 4  # things inside things


def open_file(path: Path) -> Read:
    """Return what a file holds; the kind is known by its suffix.

    Raises
    ------
    UnfitError
        When it is of no kind that can be inspected, or is damaged: what was not inspected must not pass for clean.
    """
    if not path.is_file():
        raise UnfitError([Problem("privacy_absent", path.name)])
    if path.suffix.lower() not in READERS:
        raise UnfitError([Problem("privacy_kind", path.name, details={"valid": ", ".join(READERS)})])
    try:
        return _whole(path.name, path.read_bytes(), 0)
    except Exception as error:
        raise UnfitError([Problem("privacy_damaged", path.name, details={"reason": type(error).__name__})]) from error


def _whole(name: str, content: bytes, depth: int) -> Read:
    """Return what bytes hold, with what is in the things inside them."""
    read = _reader(name, content, depth)(content)
    for inner, body in read.inside:
        if depth == DEEPEST:
            text = strings(body)
            read = read.beside(Read(text, text))
        else:
            part = _whole(inner, body, depth + 1)
            # a preview of the first page says nothing that the page does not
            read = read.beside(replace(part, sizes=[]) if "thumbnail" in inner else part)
    return read


def _reader(name: str, content: bytes, depth: int) -> Callable[[bytes], Read]:
    if depth == 0:  # whoever opens it goes by its name, too
        return READERS[PurePath(name).suffix.lower()]
    if is_picture(content):
        return read_picture
    if content.startswith(b"%PDF"):
        return read_pdf
    if content.startswith(b"PK\x03\x04"):
        return _archive
    return READERS.get(PurePath(name).suffix.lower(), _unknown)


def _archive(content: bytes) -> Read:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        names = archive.namelist()
        for folder, read in (("word/", read_docx), ("xl/", read_xlsx)):
            if any(name.startswith(folder) for name in names):
                return read(content)
        listed = "\n".join(names)
        return Read(listed, listed, inside=[(name, archive.read(name)) for name in names])


def _unknown(content: bytes) -> Read:
    """Return what is inside something of no known kind: markup or text where it is that, else its words."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = strings(content)
        return Read(text, text)
    return _html(content) if "<" in text else Read(text, text)


def _text(content: bytes) -> str:
    for sign, encoding in ((b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if content.startswith(sign):
            return content.decode(encoding)
    return content.decode("utf-8-sig")


def _html(content: bytes) -> Read:
    whole = _text(content)
    inside = [(_named(kind), _bytes(body)) for kind, _, body in PACKED.findall(whole)]
    inside += [(_named(kind), unquote(unescape(body)).encode()) for kind, _, body in WRITTEN.findall(whole)]
    text = PACKED.sub("", whole)
    comments = COMMENT.findall(text)
    seen = COMMENT.sub("", CODE.sub("\n", text))
    words = [unescape("".join(pair)) for pair in SPOKEN.findall(seen)]
    seen = unescape(re.sub(r"<[^>]*>", "", BLOCKS.sub("\n", re.sub(r"\s+", " ", seen))))
    joined = unescape(re.sub(r"<[^>]*>", "", COMMENT.sub("", text)))
    makers = {f"author {i}": unescape(who) for i, who in enumerate(BY.findall(text), 1)}
    said = "\n".join([seen, *words, *comments])
    raw = "\n".join([text, unescape(text), unquote(text), joined, said])
    return Read(raw, said, _html_tables(text), makers, inside)


def _named(kind: str) -> str:
    """Return a file's name for a type of content."""
    short = kind.rpartition("/")[2].partition("+")[0]
    return f"inside.{ {'plain': 'txt', 'jpeg': 'jpg'}.get(short, short) }"


def _bytes(body: str) -> bytes:
    packed = re.sub(r"\s|\\n", "", body)
    with suppress(binascii.Error, ValueError):
        return base64.b64decode(packed + "=" * (-len(packed) % 4))
    return packed.encode()


def _html_tables(text: str) -> list[Cells]:
    from lxml import html  # type: ignore[import-untyped]

    def cells(table: Any) -> Cells:  # noqa: ANN401 - lxml ships no types
        return [["".join(cell.itertext()).strip() for cell in row.iter("th", "td")] for row in table.iter("tr")]

    # without what says how it is encoded: it is text by now
    text = re.sub(r"^\s*<\?xml[^>]*\?>", "", text)
    return [cells(table) for table in html.fromstring(text).iter("table")] if re.search(r"<table\b", text) else []


def _csv(content: bytes) -> Read:
    text = _text(content)
    first = text.partition("\n")[0]
    delimiter = max(",;\t|", key=first.count)
    rows = list(csv.reader(io.StringIO(text), delimiter=delimiter))
    return Read(text, "\n".join("\n".join(row) for row in rows), [rows])


def _plain(content: bytes) -> Read:
    text = _text(content)
    return Read(text, text)


def _json(content: bytes) -> Read:
    text = _text(content)
    found = json.loads(text)
    inside: list[tuple[str, bytes]] = []
    words: list[str] = []
    tables: list[Cells] = []
    _walked(found, words, tables, inside)
    return Read("\n".join([PACKED.sub("", text), *words]), "\n".join(words), tables, {}, inside)


def _walked(found: Any, words: list[str], tables: list[Cells], inside: list[tuple[str, bytes]]) -> None:  # noqa: ANN401
    """Gather the texts of a JSON value, and its numbers with their names; pictures in it are things inside it."""
    if isinstance(found, str):
        inside += [(_named(kind), _bytes(body)) for kind, _, body in PACKED.findall(found)]
        words.append(PACKED.sub("", found))
    elif isinstance(found, list):
        for value in found:
            _walked(value, words, tables, inside)
    elif isinstance(found, dict):
        for key, value in found.items():
            words.append(key)
            numbers = value if isinstance(value, list) else [value]
            if numbers and all(isinstance(n, int | float) and not isinstance(n, bool) for n in numbers):
                tables.append([[key], *([f"{n:g}" if isinstance(n, int) else repr(n)] for n in numbers)])
            else:
                _walked(value, words, tables, inside)


def _notebook(content: bytes) -> Read:
    from werkbank.results import MIME

    found = json.loads(_text(content))
    outputs = [output for cell in found["cells"] for output in cell.get("outputs", [])]
    shown = [output.get("data", {}) for output in outputs]
    inside: list[tuple[str, bytes]] = []
    bundles = [*shown, *(b for cell in found["cells"] for b in cell.get("attachments", {}).values())]
    for bundle in bundles:
        for kind, body in list(bundle.items()):
            if kind.startswith(("image/", "application/pdf", "text/html")) and kind != MIME:
                text = "".join(body)
                packed = kind.startswith(("image/", "application/")) and not kind.endswith("svg+xml")
                inside.append((_named(kind), _bytes(text) if packed else text.encode()))
                if packed:
                    bundle[kind] = ""
    for cell in found["cells"]:  # lines are one text
        cell["source"] = "".join(cell.get("source", ""))
    words: list[str] = []
    _walked(found, words, [], inside)
    makers = {f"author {i}": str(who.get("name", who) if isinstance(who, dict) else who)
              for i, who in enumerate(found.get("metadata", {}).get("authors", []), 1)}  # fmt: skip
    stray = sum(MIME not in data for data in shown)
    return Read("\n".join(words), "\n".join(words), [], makers, inside, stray)


READERS: dict[str, Callable[[bytes], Read]] = {
    ".html": _html, ".pdf": read_pdf, ".docx": read_docx, ".xlsx": read_xlsx, ".csv": _csv, ".json": _json,
    ".ipynb": _notebook, ".svg": _html, ".txt": _plain, ".md": _html, ".htm": _html, ".zip": _archive,
}  # fmt: skip
