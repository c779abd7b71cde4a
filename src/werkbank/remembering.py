"""Results that are asked for again: every part of a report asks the same of the same tables, which have no hash."""

from __future__ import annotations

from collections import deque
from functools import wraps
from types import GeneratorType
from typing import TYPE_CHECKING, Any, TypeVar, cast

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


def remembered(size: int) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Keep the `size` last results of a pure function; a generator's are kept as a tuple.

    It is asked the same when it is given the same objects (or equal words): tables that are equal, but others, are
    others. Not for what a caller may change.
    """

    def remember(make: Callable[..., T]) -> Callable[..., T]:
        kept: deque[tuple[tuple[Any, ...], Any]] = deque(maxlen=size)

        @wraps(make)
        def given(*asked: Any, **named: Any) -> T:  # noqa: ANN401 - as `make` has them
            wanted = (*asked, *named.items())
            found = next((made for known, made in kept if _same(known, wanted)), kept)
            if found is kept:
                made: Any = make(*asked, **named)
                found = tuple(made) if isinstance(made, GeneratorType) else made
                kept.append((wanted, found))
            return cast("T", found)

        return given

    return remember


def _same(known: tuple[Any, ...], wanted: tuple[Any, ...]) -> bool:
    pairs = zip(known, wanted, strict=False)
    return len(known) == len(wanted) and all(a is b or (isinstance(a, str | tuple) and a == b) for a, b in pairs)
