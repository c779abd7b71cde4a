"""A picture inside a finished file -> the words that it carries beside its pixels, and how large it is.

What the pixels themselves show is not read: whoever hands the file out has to look at that.
"""

from __future__ import annotations

import io
import struct
import zlib
from contextlib import suppress

from werkbank.disclosure.reading import Read, strings

PNG, JPEG = b"\x89PNG\r\n\x1a\n", b"\xff\xd8"
STARTS = (PNG, JPEG, b"GIF8", b"RIFF", b"II*\x00", b"MM\x00*", b"BM", b"\x01\x00\x00\x00", b"\xd7\xcd\xc6\x9a")
PIXELS = {b"IDAT", b"fdAT", b"IHDR", b"PLTE", b"IEND"}
OURS = ("Matplotlib", "werkbank")  # the programs with which werkbank draws
MOST = 4_000_000  # bytes that a packed note may unfold to
NOTICEABLE = 100  # pixels; below it is an icon, in which nothing can be read


def is_picture(content: bytes) -> bool:
    """Whether bytes begin as a picture does that is made of pixels, or of a drawing program's records."""
    return content.startswith(STARTS)


def read_picture(content: bytes) -> Read:
    """Return what a picture says beside its pixels."""
    if content.startswith(PNG):
        text = _png(content)
    elif content.startswith(JPEG):
        text = _jpeg(content)
    else:
        text = strings(content)
    size = _size(content)
    ours = any(name in text for name in OURS)
    return Read(text, text, sizes=[size] if size and min(size) >= NOTICEABLE and not ours else [])


def _size(content: bytes) -> tuple[int, int] | None:
    from PIL import Image

    with suppress(Exception), Image.open(io.BytesIO(content)) as picture:  # whatever is wrong with it: it shows nothing
        return picture.size
    return None


def _png(content: bytes) -> str:
    """Return the texts of every chunk that holds no pixels, and what stands after the end."""
    said, at = [], len(PNG)
    while at + 8 <= len(content):
        length, kind = struct.unpack(">I4s", content[at : at + 8])
        body = content[at + 8 : at + 8 + length]
        at += 12 + length
        if kind not in PIXELS:
            said.append(_chunk(kind, body))
        if kind == b"IEND":
            break
    return "\n".join([*said, strings(content[at:])])


def _chunk(kind: bytes, body: bytes) -> str:
    name, _, rest = body.partition(b"\0")
    if kind == b"zTXt":
        return f"{name.decode('latin-1')}: {_unfolded(rest[1:]).decode('latin-1')}"
    if kind == b"tEXt":
        return f"{name.decode('latin-1')}: {rest.decode('latin-1')}"
    if kind == b"iTXt":
        packed, text = rest[:1] == b"\1", rest[2:].split(b"\0", 2)[-1]  # after a language and a name in it
        return f"{name.decode('latin-1')}: {(_unfolded(text) if packed else text).decode('utf-8', 'replace')}"
    return strings(body)


def _unfolded(packed: bytes) -> bytes:
    with suppress(zlib.error):
        return zlib.decompressobj().decompress(packed, MOST)
    return packed


def _jpeg(content: bytes) -> str:
    """Return the texts of every segment before the pixels (comments, Exif, XMP), and what stands after the end."""
    said, at = [], 2
    while at + 4 <= len(content) and content[at] == 0xFF and content[at + 1] != 0xDA:
        (length,) = struct.unpack(">H", content[at + 2 : at + 4])
        said.append(strings(content[at + 4 : at + 2 + length]))
        at += 2 + length
    return "\n".join([*said, strings(content[content.rfind(b"\xff\xd9") + 2 :])])
