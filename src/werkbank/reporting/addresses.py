"""Addresses in a text, so that every format makes them links: without the full stop or bracket that follows them."""

from __future__ import annotations

import re

_FOUND = re.compile(r"(?<![\w/])https?://[^\s<>\"“”„*]+")
_AFTER = ".,;:!?'’"


def split(text: str) -> list[tuple[str, str | None]]:
    """Return a text in pieces, each with the address that it is, or None."""
    pieces: list[tuple[str, str | None]] = []
    end = 0
    for found in _FOUND.finditer(text):
        address = _bare(found[0])
        if address.count("/") < 2 or not address.partition("//")[2]:
            continue
        pieces += [(text[end : found.start()], None), (address, address)]
        end = found.start() + len(address)
    return [piece for piece in [*pieces, (text[end:], None)] if piece[0]]


def _bare(address: str) -> str:
    """Return an address without what ends the sentence; a bracket that it opens itself (as some DOIs do) is its own."""
    while address and (
        address[-1] in _AFTER or any(address[-1] == b and address.count(a) < address.count(b) for a, b in ("()", "[]"))
    ):
        address = address[:-1]
    return address
