"""Files that are not what their names say: a workbook called .csv, a web page called .xls."""

from __future__ import annotations

from werkbank.errors import Said
from werkbank.intake.grid import RefusedFileError

ZIP, OLE, SAV, POR = b"PK\x03\x04", b"\xd0\xcf\x11\xe0", (b"$FL2", b"$FL3"), b"ASCII SPSS PORT FILE"
PAGE = (b"<html", b"<!doctype", b"<table", b"<?xml", b"<head", b"<meta")
HEAD = 1024  # bytes that are looked at
BINARY = 0.02  # of the bytes of a text are control signs, at most


def check_kind(name: str, kind: str, content: bytes) -> None:
    """Refuse a file whose first bytes say that it is of another kind than its name.

    Raises
    ------
    RefusedFileError
        ``file_web_page``, ``file_locked_copy``, ``file_other_kind``.
    """
    head = content[:HEAD]
    if name.startswith("~$"):
        raise RefusedFileError("file_locked_copy")
    if kind in {"xlsx", "xls", "ods"} and head.lstrip(b"\xef\xbb\xbf \r\n\t").lower().startswith(PAGE):
        raise RefusedFileError("file_web_page", value=name)
    found = _found(head)
    # an Excel file that has a password is a box of the older kind, whatever its name
    if found and found != kind and not (kind == "xlsx" and head.startswith(OLE)):
        ending = {"zip": ".xlsx", "xls": ".xls", "sav": ".por" if POR in head else ".sav", "csv": ".csv"}[found]
        if found == "zip" and kind in {"xlsx", "ods", "xls"}:  # .xlsb is a zip, too
            return
        raise RefusedFileError("file_other_kind", value=name, found=Said(f"problems.kinds.{found}"), ending=ending)


def _found(head: bytes) -> str:
    """Return what the first bytes of a file say that it is; "" where they do not tell."""
    if head.startswith(ZIP):
        return "zip"
    if head.startswith(OLE):
        return "xls"
    if head.startswith(SAV) or POR in head.replace(b"\n", b"").replace(b"\r", b"")[:600]:
        return "sav"
    if not head or b"\0" in head:
        return ""
    signs = sum(byte < 32 and byte not in b"\t\r\n" for byte in head)
    return "csv" if signs <= BINARY * len(head) and any(sign in head for sign in b",;\t\n") else ""
