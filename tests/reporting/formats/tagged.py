"""What a screen reader gets of a PDF: the tree of its tags with the text of each, read with pypdf."""

from __future__ import annotations

import io
import re
from dataclasses import dataclass, field
from itertools import pairwise

from pypdf import PdfReader
from pypdf.generic import ContentStream, DictionaryObject


@dataclass
class Node:
    """A tag with its attributes and what it holds, in reading order: texts and other tags."""

    tag: str
    given: DictionaryObject
    holds: list = field(default_factory=list)

    @property
    def text(self):
        return "".join(part if isinstance(part, str) else part.text for part in self.holds)

    def all(self, *tags):
        """Return every tag of these names below, in reading order."""
        below = [part for part in self.holds if isinstance(part, Node)]
        return [found for part in below for found in ([part] if part.tag in tags else []) + part.all(*tags)]


def tree(made):
    """Return the root of a PDF's structure tree."""
    reader = PdfReader(io.BytesIO(made))
    marked = {page.indirect_reference.idnum: marked_text(page, reader) for page in reader.pages}
    return node(reader.trailer["/Root"]["/StructTreeRoot"], None, marked)


def node(given, page, marked):
    page = given.raw_get("/Pg").idnum if "/Pg" in given else page
    made = Node(str(given.get("/S", "root")).lstrip("/"), given)
    kids = given.get("/K", [])
    for kid in (kid.get_object() for kid in (kids if isinstance(kids, list) else [kids])):
        if isinstance(kid, int):
            made.holds.append(marked[page].get(kid, ""))
        elif "/MCID" in kid:
            made.holds.append(marked[kid.raw_get("/Pg").idnum if "/Pg" in kid else page].get(kid["/MCID"], ""))
        elif "/S" in kid:
            made.holds.append(node(kid, page, marked))
    return made


def marked_text(page, reader):
    """Return the text of a page by its mark (MCID)."""
    texts, marks, font = {}, [], {}
    fonts = {name: letters(font.get_object()) for name, font in page["/Resources"].get("/Font", {}).items()}
    for operands, operator in ContentStream(page.get_contents(), reader).operations:
        if operator in {b"BDC", b"BMC"}:
            properties = operands[1] if len(operands) > 1 and isinstance(operands[1], dict) else {}
            marks.append((properties.get("/MCID"), properties.get("/ActualText")))
            if marks[-1][1] is not None:
                add(texts, marks, str(marks[-1][1]))
        elif operator == b"EMC":
            marks.pop()
        elif operator == b"Tf":
            font = fonts[operands[0]]
        elif operator in {b"Tj", b"TJ"} and not any(actual is not None for _, actual in marks):
            pieces = operands[0] if operator == b"TJ" else operands
            for piece in pieces:
                if isinstance(piece, (bytes, str)):
                    code = piece if isinstance(piece, bytes) else piece.original_bytes
                    starts = range(0, len(code) + 1, 2)
                    add(texts, marks, "".join(font[int.from_bytes(code[a:b])] for a, b in pairwise(starts)))
    return texts


def add(texts, marks, text):
    mark = next((mark for mark, _ in reversed(marks) if mark is not None), None)
    if mark is not None:
        texts[mark] = texts.get(mark, "") + text


def letters(font):
    """Return what each glyph of a font means."""
    found = {}
    told = font["/ToUnicode"].get_data().decode("latin-1")
    for block in re.findall(r"beginbfchar(.*?)endbfchar", told, re.DOTALL):
        for code, meaning in re.findall(r"<(\w+)>\s*<(\w*)>", block):
            found[int(code, 16)] = bytes.fromhex(meaning).decode("utf-16-be")
    assert "beginbfrange" not in told
    return found
