"""How files are mutilated: at random from a seed, but with a preference for what goes wrong in the world."""

from __future__ import annotations

import io
import re
import zipfile
from typing import TYPE_CHECKING, Any

import openpyxl
import yaml

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from subjects import Subject

CELLS = (
    "", " ", "0", "-1", "3", "03", "3,5", "3.5", "1.234", "1,234", "1.234,5", "1e5", "1E400", "1e-400", "0x1F",
    "٣", "３", "inf", "-inf", "nan", "NaN", "NA", "#N/A", "NULL", "99", "9", "T0", "T2", "x", "control", "007",
    "7", "7.0", "12345.0", "1.0E+05", "2-3", "01-02-2024", "2024-02-01", "3 mrt", "=1+1", "=cmd|' /C calc'!A0",
    "+1", "@x", "-", "−3", "<b>x</b>", "{item}", "{wave}", "${x}", "%s", "../x", "a" * 300, "één",
    "e\u0301e\u0301n", "\u202e7", "\u200b", "\u2028", "\ufffd", "ja", "TRUE", "nooit", "  nooit ", "NOOIT",
    "1_000", "1 000", "1'000", '"', '""', "a;b", "a,b", "a\tb", "a\nb", "a\rb",
)  # fmt: skip
ODD = (*CELLS, ",", ";", "\t", "\n", "\r", "\r\n", "\0", "\ufeff", "sep=;\n", "|", "\x1a", "\x85", "\ud800")
VALUES = (
    "", "~", "null", "[]", "{}", "[", "{", "}", "]", "- -", "'", '"', "&a [*a]", "*a",
    "!!python/object:os.system x", "!!binary x", "!!int x", "2020-99-99", "2020-01-01", "12:30:45", "0x1F",
    "0o7", "1e999", ".inf", ".nan", "yes", "on", "NO", "1", "-1", "1.5", "[1, 5]", "[5, 1]", "[1]", "[a, b]",
    "{a: b}", "{pre: a}", "pre", "post", "intervention", "control", "pupil", "class", "strs-sf",
    "../../etc/passwd", "/etc/passwd", "raw", ".", "C:\\x", "<b>x</b>", "x" * 5000, "[" * 300, "{a: " * 200,
    "1" * 5000, "{item}", "{item:99}", "{wave}", "{0.__class__}", "é", "\u202ex", "|", ">-", "\n", "\t", "# x",
    "- x", "? x", "%TAG", "---", "...", "<<: {}", "{<<: 1}", "=", "!", "@", "`",
)  # fmt: skip
ENCODINGS = ("utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1252", "cp850", "utf-32", "mac-roman")
STORED = (
    None, True, False, 0, 1, 3, 3.5, -1, 1e15, 1e300, float("1e-300"), 12345678901234567, "3", "3,5", "007", " 3", "",
    "=1+1", "=A1", '="x"', "#N/A", "#DIV/0!", "nooit", "T0", "TRUE", "2024-02-01", "x" * 400, "é", "0",
)  # fmt: skip


def mutated(subject: Subject, kind: str, chance: random.Random) -> Subject:
    """Return a subject whose target was mutilated a few times."""
    content = subject.files[subject.target]
    if chance.random() < 0.02:
        return subject.with_content(content)  # untouched: what must be read is read
    return subject.with_content(MUTATORS[kind](content, chance))


def text(content: bytes, chance: random.Random) -> bytes:
    """Mutilate delimited text: cells, rows, columns, quotes, line ends, encodings, bytes."""
    written = content.decode()
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        written = chance.choice((_cell, _cell, _cell, _lines, _column, _insert, _cut, _everywhere))(written, chance)
    made = written.encode(chance.choice(ENCODINGS) if chance.random() < 0.15 else "utf-8", "replace")
    return raw(made, chance) if chance.random() < 0.1 else made


def _cell(written: str, chance: random.Random) -> str:
    lines = written.split("\n")
    at = chance.randrange(len(lines))
    sign = max(",;\t", key=lines[0].count)
    cells = lines[at].split(sign)
    odd = chance.choice(CELLS)
    quoted = '"' + odd.replace('"', '""') + '"'
    cells[chance.randrange(len(cells))] = quoted if chance.random() < 0.3 else odd
    return "\n".join([*lines[:at], sign.join(cells), *lines[at + 1 :]])


def _lines(written: str, chance: random.Random) -> str:
    lines = written.split("\n")
    one, other = chance.randrange(len(lines)), chance.randrange(len(lines))
    ways: tuple[Callable[[], None], ...] = (
        lambda: lines.insert(one, lines[other]),
        lambda: lines.insert(one, ""),
        lambda: lines.__setitem__(slice(one, one + 1), []),
        lambda: lines.__setitem__(one, lines[one] + chance.choice(",;\t ")),
        lambda: lines.__setitem__(one, lines[other]),
        lambda: chance.shuffle(lines),
        lambda: lines.__setitem__(slice(one, None), []),
    )
    chance.choice(ways)()
    return "\n".join(lines)


def _column(written: str, chance: random.Random) -> str:
    sign = max(",;\t", key=written.partition("\n")[0].count)
    rows = [line.split(sign) for line in written.split("\n")]
    at = chance.randrange(max(len(rows[0]), 1))
    way = chance.choice(("drop", "double", "swap", "rename"))
    for n, row in enumerate(rows):
        if at >= len(row):
            continue
        if way == "drop":
            del row[at]
        elif way == "double":
            row.insert(0, row[at])
        elif way == "swap":
            row[0], row[at] = row[at], row[0]
        elif n == 0:
            row[at] = chance.choice((row[at].upper(), row[at] + " ", row[0], "", "id", row[at][:-1]))
    return "\n".join(sign.join(row) for row in rows)


def _insert(written: str, chance: random.Random) -> str:
    at = chance.randrange(len(written) + 1)
    return written[:at] + chance.choice(ODD) + written[at + chance.randrange(4) :]


def _cut(written: str, chance: random.Random) -> str:
    at, end = sorted(chance.randrange(len(written) + 1) for _ in range(2))
    return written[:at] + written[end:] if chance.random() < 0.3 else written[: max(at, end)]


def _everywhere(written: str, chance: random.Random) -> str:
    one, other = chance.choice(
        ((",", ";"), (";", ","), (";", "\t"), ("\n", "\r\n"), ("\n", "\r"), (",", "."), (".", ","))
    )
    return written.replace(one, other)


def raw(content: bytes, chance: random.Random) -> bytes:
    """Change bytes: flip, insert, delete, repeat, truncate."""
    made = bytearray(content)
    for _ in range(chance.choice((1, 1, 1, 3, 10))):
        if not made:
            return b""
        at = chance.randrange(len(made))
        way = chance.randrange(6)
        if way == 0:
            made[at] ^= 1 << chance.randrange(8)
        elif way == 1:
            made[at] = chance.choice((0, 1, 127, 128, 255))
        elif way == 2:
            made[at:at] = chance.randbytes(chance.randrange(1, 9))
        elif way == 3:
            del made[at : at + chance.randrange(1, 9)]
        elif way == 4:
            made[at : at + 4] = chance.choice((b"\xff\xff\xff\x7f", b"\xff\xff\xff\xff", b"\0\0\0\0", b"\0\0\0\x80"))
        else:
            made[at:] = made[at:] if chance.random() < 0.7 else b""
            made += bytes(made[at : at + 64])
    return bytes(made)


def declared(content: bytes, chance: random.Random) -> bytes:
    """Mutilate YAML: its text, or the tree that it says."""
    if chance.random() < 0.5:
        try:
            return yaml.safe_dump(_tree(yaml.safe_load(content), chance), allow_unicode=True, sort_keys=False).encode()
        except (yaml.YAMLError, RecursionError):
            return content
    lines = content.decode().split("\n")
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        at = chance.randrange(len(lines))
        way = chance.randrange(5)
        if way < 2:
            lines[at] = re.sub(r":.*", lambda _: ": " + chance.choice(VALUES), lines[at], count=1)
        elif way == 2:
            lines.insert(at, chance.choice(lines))
        elif way == 3:
            lines[at] = _insert(lines[at], chance)
        else:
            lines[at] = " " * chance.randrange(6) + lines[at].strip()
    made = "\n".join(lines).encode(chance.choice(ENCODINGS) if chance.random() < 0.05 else "utf-8", "replace")
    return raw(made, chance) if chance.random() < 0.1 else made


def _tree(tree: Any, chance: random.Random) -> Any:
    for _ in range(chance.choice((1, 1, 1, 2, 3))):
        holders = [part for part in _parts(tree) if isinstance(part, dict | list) and part]
        holder = chance.choice(holders)
        key = chance.choice(list(holder) if isinstance(holder, dict) else range(len(holder)))
        other = chance.choice(list(_parts(tree)))
        odd = [other, None, True, 3, -1, 1.5, 10**30, float("inf"), "", "x", [], {}, [holder[key]], {"a": holder[key]}]
        way = chance.randrange(4)
        if way == 0 and len(holder) > 1:
            del holder[key]
        elif way == 1 and isinstance(holder, dict):
            holder[chance.choice((*CELLS, 3, None, True))] = holder.pop(key)
        elif way == 2:
            holder[key] = yaml.safe_load(yaml.safe_dump(chance.choice(odd)))
        else:
            holder[key] = chance.choice(CELLS)
    return tree


def _parts(tree: Any) -> Any:
    yield tree
    for part in tree.values() if isinstance(tree, dict) else tree if isinstance(tree, list) else ():
        yield from _parts(part)


def workbook(content: bytes, chance: random.Random) -> bytes:
    """Mutilate a workbook: its cells, the XML of its parts, the archive, or its bytes."""
    way = chance.random()
    if way < 0.55:
        return _cells(content, chance)
    return raw(content, chance) if way < 0.65 else _parts_of_archive(content, chance)


def _cells(content: bytes, chance: random.Random) -> bytes:
    book = openpyxl.load_workbook(io.BytesIO(content))
    sheet = book.active
    for _ in range(chance.choice((1, 1, 1, 2, 4))):
        row, column = chance.randint(1, sheet.max_row + 1), chance.randint(1, sheet.max_column + 1)
        cell, way = sheet.cell(row, column), chance.randrange(12)
        if way == 0:
            sheet.merge_cells(start_row=row, start_column=column, end_row=row + 1, end_column=column)
        elif way == 1:
            cell.number_format = chance.choice(("yyyy-mm-dd", "0000", "0.0%", "hh:mm", "@"))
        elif way == 2:
            book.create_sheet(chance.choice(("Blad2", "Ã©", "verborgen"))).sheet_state = chance.choice(
                ("visible", "hidden")
            )
        elif way == 3:
            chance.choice((sheet.delete_rows, sheet.insert_rows))(row)
        elif way == 4:
            chance.choice((sheet.delete_cols, sheet.insert_cols))(column)
        elif not isinstance(cell, openpyxl.cell.cell.MergedCell):
            cell.value = chance.choice(STORED)
    made = io.BytesIO()
    book.save(made)
    return made.getvalue()


def _parts_of_archive(content: bytes, chance: random.Random) -> bytes:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    name = chance.choice(
        [part for part in parts for _ in range(4 if "sheet1" in part or "workbook.xml" in part else 1)]
    )
    way = chance.randrange(6)
    if way == 0:
        parts[name] = raw(parts[name], chance)
    elif way == 1:
        del parts[name]
    elif way == 2:
        tags = re.findall(rb"<[^>]+>", parts[name])
        parts[name] = parts[name].replace(chance.choice(tags), chance.choice((b"", b"<x/>", chance.choice(tags))), 1)
    elif way == 3:
        odd = chance.choice(("&lol;", "99999999", "-1", "x", "", "A1:XFD1048576", "s", "b", "e", "inlineStr", "1e400"))
        parts[name] = re.sub(rb"\"[^\"]*\"|>[^<]+<", _once(odd, chance), parts[name])
    elif way == 4:
        entity = b'<!DOCTYPE x [<!ENTITY a "' + b"a" * 99 + b'"><!ENTITY b "' + b"&a;" * 99 + b'">]>'
        parts[name] = re.sub(rb"\?>", b"?>" + entity, parts[name], count=1)
    else:
        parts[name] = parts[name].replace(b"</sheetData>", b"<row/>" * 2000 + b"</sheetData>")
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for part, written in parts.items():
            archive.writestr(part, written)
    return made.getvalue()


def _once(odd: str, chance: random.Random) -> Callable[[re.Match[bytes]], bytes]:
    def change(found: re.Match[bytes]) -> bytes:
        if chance.random() > 0.03:
            return found[0]
        return found[0][:1] + odd.encode() + found[0][-1:]

    return change


def spss(content: bytes, chance: random.Random) -> bytes:
    """Mutilate an SPSS file; half of the times only one bit of its cases."""
    if chance.random() < 0.5:
        return raw(content, chance)
    made, start = bytearray(content), content.rfind(b"\xe7\x03\0\0") + 8  # the record that ends the dictionary
    made[chance.randrange(start, len(made))] ^= 1 << chance.randrange(8)
    return bytes(made)


MUTATORS: dict[str, Callable[[bytes, random.Random], bytes]] = {
    "study": declared, "key": declared, "csv": text, "table": text, "xlsx": workbook, "sav": spss,
}  # fmt: skip
