"""The files a report is read in beside its HTML page, all from the sections of one run: PDF, Word, a workbook."""

from __future__ import annotations

from typing import TYPE_CHECKING

from werkbank.reporting.formats.document import Document

if TYPE_CHECKING:
    from collections.abc import Callable

__all__ = ["FORMATS", "Document", "write"]

FORMATS = ("pdf", "docx", "xlsx")


def write(document: Document, name: str) -> bytes:
    """Return a document as the bytes of one file; `name` is one of `FORMATS`.

    The numbers are those of the HTML page, written by the same functions; nothing of the machine, the user or the
    time enters a file, so that the same sections give the same bytes.

    Raises
    ------
    KeyError
        For a format that does not exist.
    """
    return _writer(name)(document)


def _writer(name: str) -> Callable[[Document], bytes]:
    # each stands on a library of its own, which only those who ask for that format wait for
    if name == "pdf":
        from werkbank.reporting.formats.pdf import pdf

        return pdf
    if name == "docx":
        from werkbank.reporting.formats.docx import docx

        return docx
    if name == "xlsx":
        from werkbank.reporting.formats.xlsx import xlsx

        return xlsx
    raise KeyError(name)
