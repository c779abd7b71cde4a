"""Results that are asked for again: every part of a report asks the same of the same tables."""

from __future__ import annotations

from collections import deque
from functools import wraps
from types import GeneratorType
from typing import TYPE_CHECKING, Any, TypeVar, cast

import numpy as np
import pandas as pd

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")


def remembered(size: int) -> Callable[[Callable[..., T]], Callable[..., T]]:
    """Keep the `size` last results of a pure function; a generator's are kept as a tuple.

    It is asked the same when it is given the same objects (or equal words), and no cell of a table among them has
    changed since; a table that is equal, but another, is another. A table that it returns is given as a copy.
    """

    def remember(make: Callable[..., T]) -> Callable[..., T]:
        kept: deque[tuple[list[Any], Any]] = deque(maxlen=size)

        @wraps(make)
        def given(*asked: Any, **named: Any) -> T:  # noqa: ANN401 - as `make` has them
            wanted = [*asked, *named.items(), *(part for one in asked for part in _content(one))]
            found = next((made for known, made in kept if _same(known, wanted)), kept)
            if found is kept:
                made: Any = make(*asked, **named)
                found = tuple(made) if isinstance(made, GeneratorType) else made
                kept.append((wanted, found))
            return cast("T", found.copy() if isinstance(found, pd.DataFrame) else found)

        return given

    return remember


def _same(known: list[Any], wanted: list[Any]) -> bool:
    pairs = zip(known, wanted, strict=False)
    return len(known) == len(wanted) and all(a is b or (isinstance(a, str | tuple) and a == b) for a, b in pairs)


def _content(asked: object) -> Iterator[Any]:
    """Yield what changes with any cell, label or name of a table: far cheaper than what is made of it.

    Labels and categories are pandas' Index, which nobody can change: it is enough that they are the same object.
    """
    if not isinstance(asked, pd.DataFrame):
        return
    yield asked.index
    for name in asked:
        values = asked[name].array
        yield (name, _word(values))
        if isinstance(values, pd.Categorical):
            yield values.categories


def _word(values: Any) -> int:  # noqa: ANN401 - any of pandas' arrays
    cells = values.codes if isinstance(values, pd.Categorical) else np.asarray(values)
    return hash(tuple(cells) if cells.dtype == object else cells.tobytes())
