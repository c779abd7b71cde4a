"""One thread for many small matrices: more threads cost more than they bring, and sum in another order."""

from __future__ import annotations

from functools import cache, wraps
from typing import TYPE_CHECKING, ParamSpec, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

    from threadpoolctl import ThreadpoolController

P = ParamSpec("P")
T = TypeVar("T")


def one_thread(compute: Callable[P, T]) -> Callable[P, T]:
    """Let a function compute its linear algebra in one thread, whatever the session is set to; then as it was.

    All that a bench computes goes through it, and so does what is slow when it is called by itself. A kernel that
    werkbank starts has one thread anyhow. In a session of JupyterLab numpy takes every processor: a
    factor model then waits for its threads, and the last digits of a sum depend on how many there were.
    """

    @wraps(compute)
    def computed(*args: P.args, **kwargs: P.kwargs) -> T:
        with _libraries().limit(limits=1):
            return compute(*args, **kwargs)

    return computed


@cache
def _libraries() -> ThreadpoolController:
    """Return the libraries of linear algebra of this process, looked up once: that takes a millisecond."""
    import scipy.linalg  # noqa: F401 - has one of its own, beside numpy's
    from threadpoolctl import ThreadpoolController

    return ThreadpoolController()
