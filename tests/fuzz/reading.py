"""The same files read once more, by readers that share no line with werkbank's: what its values are held against."""

from __future__ import annotations

import io
import re
import struct
import zipfile
from dataclasses import dataclass, field
from xml.etree import ElementTree as ET

Cell = str | float | None


@dataclass
class Sheet:
    """Rows by the number that the user's program shows; the header apart."""

    header: list[str]
    rows: dict[int, list[Cell]]
    labels: dict[str, dict[float, str]] = field(default_factory=dict)
    missing: dict[str, list[tuple[float, float]]] = field(default_factory=dict)


class UnreadableError(Exception):
    """These readers are simpler than the formats: what they do not know is not judged."""


def delimited(content: bytes, encoding: str, sign: str) -> Sheet:  # noqa: C901, PLR0912 - one state machine
    """Read csv by RFC 4180, one character at a time; a quote inside a field that began without one is itself."""
    text = content.decode(encoding).removeprefix("\ufeff")
    first, _, rest = text.partition("\n")
    start = 1
    if re.fullmatch(r"sep=.", first.strip()):
        text, start = rest, 2
    rows: list[list[str]] = [[]]
    cell, inside, quoted, i = "", False, False, 0
    while i < len(text):
        letter = text[i]
        if inside:
            if letter != '"':
                cell += letter
            elif text[i + 1 : i + 2] == '"':
                cell, i = cell + '"', i + 1
            else:
                inside = False
        elif letter == '"' and not cell and not quoted:
            inside = quoted = True
        elif letter == sign:
            rows[-1].append(cell)
            cell, quoted = "", False
        elif letter in "\r\n":
            i += text[i : i + 2] == "\r\n"
            rows[-1].append(cell)
            rows.append([])
            cell, quoted = "", False
        elif quoted:
            raise UnreadableError("text after a closing quote")
        else:
            cell += letter
        i += 1
    if inside:
        raise UnreadableError("an open quote")
    if cell or quoted or rows[-1]:
        rows[-1].append(cell)
    numbered = {start + n: row for n, row in enumerate(rows) if any(c.strip() for c in row)}
    return _sheet(numbered)


def _sheet(numbered: dict[int, list[Cell]]) -> Sheet:
    numbers = list(numbered)
    qualtrics = len(numbers) > 2 and any(str(c).startswith('{"ImportId"') for c in numbered[numbers[2]])
    header = [str(c).strip() if c is not None else "" for c in numbered[numbers[0]]]
    return Sheet(header, {n: numbered[n] for n in numbers[3 if qualtrics else 1 :]})


NS = {"m": "http://schemas.openxmlformats.org/spreadsheetml/2006/main"}
REL = "{http://schemas.openxmlformats.org/officeDocument/2006/relationships}id"


def workbook(content: bytes, title: str) -> Sheet:
    """Read one sheet of a workbook from its XML."""
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            book = ET.fromstring(archive.read("xl/workbook.xml"))  # noqa: S314 - of our own making
            links = ET.fromstring(archive.read("xl/_rels/workbook.xml.rels"))  # noqa: S314 - as above
            wanted = next(s.get(REL) for s in book.iterfind(".//m:sheet", NS) if s.get("name") == title)
            target = next(link.get("Target") for link in links if link.get("Id") == wanted)
            sheet = ET.fromstring(archive.read(f"xl/{target.removeprefix('/xl/')}"))  # noqa: S314 - as above
            texts = []
            if "xl/sharedStrings.xml" in archive.namelist():
                shared = ET.fromstring(archive.read("xl/sharedStrings.xml"))  # noqa: S314 - as above
                texts = ["".join(_runs(si)) for si in shared.iterfind("m:si", NS)]
        found = {number: row for number, row in _rows(sheet, texts) if any(str(c or "").strip() for c in row)}
    except (KeyError, ValueError, IndexError, StopIteration, ET.ParseError, zipfile.BadZipFile) as error:
        raise UnreadableError(repr(error)) from error
    width = max(map(len, found.values()))
    return _sheet({n: [*row, *[None] * (width - len(row))] for n, row in sorted(found.items())})


def _runs(item: ET.Element) -> list[str]:
    return [t.text or "" for t in (*item.iterfind("m:t", NS), *item.iterfind("m:r/m:t", NS))]


def _rows(sheet: ET.Element, texts: list[str]) -> list[tuple[int, list[Cell]]]:
    found = []
    number = 0
    for row in sheet.iterfind("m:sheetData/m:row", NS):
        number = int(row.get("r", number + 1))
        cells: list[Cell] = []
        for cell in row.iterfind("m:c", NS):
            letters = re.match("[A-Z]+", cell.get("r", ""))
            at = _column(letters[0]) if letters else len(cells)
            if at > 20_000 or at < len(cells):
                raise UnreadableError("cells out of order")
            cells += [None] * (at - len(cells)) + [_value(cell, texts)]
        found.append((number, cells))
    return found


def _column(letters: str) -> int:
    at = 0
    for letter in letters:
        at = at * 26 + ord(letter) - 64
    return at - 1


def _value(cell: ET.Element, texts: list[str]) -> Cell:
    kind, value = cell.get("t", "n"), cell.findtext("m:v", None, NS)
    if kind == "inlineStr":
        return "".join(t for part in cell.iterfind("m:is", NS) for t in _runs(part))
    if not value:
        formula = cell.find("m:f", NS)
        return None if formula is None else "=" + (formula.text or "…")
    if kind == "s":
        return texts[int(value)]
    if kind == "b":
        return "TRUE" if int(value) else "FALSE"
    return float(value) if kind == "n" else value


def spss(content: bytes) -> Sheet:
    """Read an SPSS file (system file, plain or with bytecodes)."""
    try:
        return _spss(content)
    except (struct.error, ValueError, IndexError, KeyError, OverflowError, MemoryError) as error:
        raise UnreadableError(repr(error)) from error


def _spss(content: bytes) -> Sheet:  # noqa: C901, PLR0912, PLR0915 - one kind of record after another
    if content[:4] != b"$FL2" or struct.unpack_from("<i", content, 64)[0] not in {2, 3}:
        raise UnreadableError("no little-endian system file")
    compressed, _, n_cases, bias = struct.unpack_from("<iiid", content, 72)
    if compressed not in {0, 1}:
        raise UnreadableError("zlib")
    at, slots, labels, missing, longer, encoding = 176, [], {}, {}, {}, "utf-8"
    pending: dict[bytes, str] = {}
    while True:
        (kind,) = struct.unpack_from("<i", content, at)
        at += 4
        if kind == 2:
            width, labelled, n_missing, _, _ = struct.unpack_from("<5i", content, at)
            name = content[at + 20 : at + 28].decode("ascii").strip(" \0")
            at += 28
            if labelled:
                (size,) = struct.unpack_from("<i", content, at)
                at += 4 + (size + 3) // 4 * 4
            codes = struct.unpack_from(f"<{abs(n_missing)}d", content, at)
            at += 8 * abs(n_missing)
            slots.append((name, width))
            if n_missing:
                ranges = [(codes[0], codes[1])] if n_missing < 0 else []
                missing[name] = ranges + [(c, c) for c in codes[2 if n_missing < 0 else 0 :]]
        elif kind == 3:
            (count,) = struct.unpack_from("<i", content, at)
            at, pending = at + 4, {}
            for _ in range(count):
                code, size = content[at : at + 8], content[at + 8]
                pending[code] = content[at + 9 : at + 9 + size].decode(encoding)
                at += 8 + (size + 8) // 8 * 8
        elif kind == 4:
            (count,) = struct.unpack_from("<i", content, at)
            for index in struct.unpack_from(f"<{count}i", content, at + 4):
                if slots[index - 1][1] == 0:
                    labels[slots[index - 1][0]] = {struct.unpack("<d", c)[0]: text for c, text in pending.items()}
            at += 4 + 4 * count
        elif kind == 6:
            at += 4 + 80 * struct.unpack_from("<i", content, at)[0]
        elif kind == 7:
            sub, size, count = struct.unpack_from("<3i", content, at)
            body = content[at + 12 : at + 12 + size * count]
            at += 12 + size * count
            if sub == 13:
                longer = dict(pair.split("=", 1) for pair in body.decode("utf-8").split("\t") if pair)
            if sub == 14:
                raise UnreadableError("very long strings")
            if sub == 20:
                encoding = body.decode("ascii")
        elif kind == 999:
            at += 4
            break
        else:
            raise UnreadableError(f"record {kind}")
    words = _words(content, at, bias) if compressed else [content[i : i + 8] for i in range(at, len(content) - 7, 8)]
    width = len(slots)
    rows = {n + 1: _case(words[n * width : (n + 1) * width], slots, encoding) for n in range(len(words) // width)}
    if n_cases >= 0 and len(rows) != n_cases:
        raise UnreadableError("another number of cases than the header says")
    names = [longer.get(name, name) for name, kind in slots if kind >= 0]
    by_name = [{longer.get(name, name): said for name, said in told.items()} for told in (labels, missing)]
    return Sheet(names, rows, *by_name)


def _words(content: bytes, at: int, bias: float) -> list[bytes | None]:
    words: list[bytes | None] = []
    while at + 8 <= len(content):
        codes, at = content[at : at + 8], at + 8
        for code in codes:
            if code == 252:
                return words
            if code == 253:
                words.append(content[at : at + 8])
                at += 8
            elif code == 254:
                words.append(b" " * 8)
            elif code == 255:
                words.append(None)
            elif code:
                words.append(struct.pack("<d", code - bias))
    return words


def _case(words: list[bytes | None], slots: list[tuple[str, int]], encoding: str) -> list[Cell]:
    cells: list[Cell] = []
    i = 0
    while i < len(slots):
        width = slots[i][1]
        if width == 0:
            value = None if words[i] is None else struct.unpack("<d", words[i])[0]
            cells.append(None if value is None or value == -1.7976931348623157e308 or value != value else value)  # noqa: PLR0124 - NaN
            i += 1
        else:
            n = (width + 7) // 8
            cells.append(b"".join(w or b"" for w in words[i : i + n])[:width].decode(encoding).rstrip(" "))
            i += n
    return cells
