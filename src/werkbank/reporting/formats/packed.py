"""Office files that are the same bytes each time: their zip holds no times, their properties no person."""

from __future__ import annotations

import io
import re
import zipfile

_EPOCH = (1980, 1, 1, 0, 0, 0)  # the first moment that a zip can name
# when and by whom: the writing libraries put the clock in; a report has no moment but its inputs
_TIMES = re.compile(
    rb"<(dcterms:created|dcterms:modified|cp:lastPrinted|cp:lastModifiedBy)\b[^>]*?(?:/>|>.*?</\1>)", re.DOTALL
)


def timeless(made: bytes) -> bytes:
    """Return an office file without times: those of its zip entries, and those among its properties."""
    packed = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(made)) as given, zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as kept:
        for name in given.namelist():
            content = given.read(name)
            if name == "docProps/core.xml":
                content = _TIMES.sub(b"", content)
            entry = zipfile.ZipInfo(name, _EPOCH)
            entry.compress_type = zipfile.ZIP_DEFLATED
            entry.external_attr = 0o644 << 16
            kept.writestr(entry, content)
    return packed.getvalue()
