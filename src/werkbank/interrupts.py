"""Ctrl-C and SIGTERM end a command, once and in one sentence, wherever in it they come.

Python raises an interrupt in whatever line runs at that moment. Where that is a finaliser or a callback from C, it
prints that it ignores it, and the command would go on as if nobody had asked: it is then raised once more.
"""

from __future__ import annotations

import contextlib
import logging
import signal
import sys
import threading
from typing import TYPE_CHECKING, NoReturn

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import FrameType

AGAIN = 0.05  # seconds until an interrupt that was swallowed comes again: what swallowed it has then ended


@contextlib.contextmanager
def listening(*, restore: bool) -> Iterator[None]:
    """Have SIGTERM interrupt as Ctrl-C does, and no interrupt be swallowed.

    With `restore` it is as it was afterwards, for a caller in Python.
    """
    before = [(number, signal.getsignal(number)) for number in (signal.SIGTERM, signal.SIGINT)]
    hook = sys.unraisablehook

    def unraisable(what: sys.UnraisableHookArgs) -> None:
        if issubclass(what.exc_type, KeyboardInterrupt):
            threading.Timer(AGAIN, _once_more).start()
        else:
            hook(what)

    signal.signal(signal.SIGTERM, interrupt)
    sys.unraisablehook = unraisable
    try:
        yield
    finally:
        if restore:  # else Python is about to end, and goes on undisturbed
            sys.unraisablehook = hook
            for number, handler in before:
                signal.signal(number, handler if handler is not None else signal.SIG_DFL)


def heard() -> None:
    """Take the interrupt as heard: a second one would cut off what is said, and what it cut off has no more to tell."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    logging.getLogger("asyncio").setLevel(logging.CRITICAL + 1)  # of tasks that nobody waits for any more


def interrupt(_signal: int, _frame: FrameType | None) -> NoReturn:
    """Raise what Ctrl-C raises: a handler of signals."""
    raise KeyboardInterrupt


def _once_more() -> None:
    if hasattr(signal, "pthread_kill"):  # also wakes a main thread that waits
        signal.pthread_kill(threading.main_thread().ident or 0, signal.SIGINT)
    else:
        signal.raise_signal(signal.SIGINT)
