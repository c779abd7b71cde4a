"""How names are spelled the same way on both sides: in a study file and in the files it speaks of."""

from __future__ import annotations

import unicodedata


def tidy(text: str) -> str:
    """Return `text` composed (NFC), without signs that cannot be seen, and with single ordinary spaces."""
    if text.isascii() and text.isprintable() and "  " not in text:
        return text.strip()
    seen = (" " if unicodedata.category(c) in {"Zs", "Zl", "Zp", "Cc"} else c for c in text)
    kept = "".join(c for c in seen if unicodedata.category(c) != "Cf")
    return " ".join(unicodedata.normalize("NFC", kept).split())
