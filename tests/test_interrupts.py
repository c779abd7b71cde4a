"""An interrupt ends a command wherever it comes, and leaves what was as it was."""

from __future__ import annotations

import logging
import signal
import subprocess
import sys
import time

import pytest

from werkbank import interrupts

SWALLOWS = """
import os, signal, sys, time
from werkbank import interrupts
class Held:
    def __del__(self):
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(1)
with interrupts.listening(restore=False):
    try:
        held = Held()
        del held
        for _ in range({seconds}0):
            time.sleep(0.1)
        print("went on")
    except KeyboardInterrupt:
        print("ended")
"""


@pytest.mark.skipif(sys.platform == "win32", reason="a signal cannot be sent to oneself there")
def test_an_interrupt_that_a_finaliser_swallows_comes_again():
    ran = subprocess.run(
        [sys.executable, "-c", SWALLOWS.format(seconds=20)], capture_output=True, text=True, check=True
    )
    assert (ran.stdout, ran.stderr) == ("ended\n", "")


def terminated():
    assert signal.getsignal(signal.SIGTERM) is interrupts.interrupt
    signal.raise_signal(signal.SIGTERM)
    time.sleep(1)


def test_terminating_is_interrupting_and_what_was_is_restored():
    before = signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT), sys.unraisablehook
    with pytest.raises(KeyboardInterrupt), interrupts.listening(restore=True):
        terminated()
    assert (signal.getsignal(signal.SIGTERM), signal.getsignal(signal.SIGINT), sys.unraisablehook) == before


def test_once_heard_no_second_interrupt_comes_and_no_task_complains(monkeypatch):
    before = signal.getsignal(signal.SIGINT)
    monkeypatch.setattr(logging.getLogger("asyncio"), "level", logging.NOTSET)
    try:
        interrupts.heard()
        signal.raise_signal(signal.SIGINT)
        assert not logging.getLogger("asyncio").isEnabledFor(logging.CRITICAL)
    finally:
        signal.signal(signal.SIGINT, before)
        logging.getLogger("asyncio").setLevel(logging.NOTSET)
