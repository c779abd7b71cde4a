"""What tests share: the optional reference data beside the project, and the machine's optional programs."""

from __future__ import annotations

import gc
import json
import os
import shutil
import signal
import sys
import warnings
from dataclasses import replace
from functools import cache
from pathlib import Path
from types import SimpleNamespace
from typing import TYPE_CHECKING

import pandas as pd
import pytest
from hypothesis import settings

if TYPE_CHECKING:
    from collections.abc import Iterator

    from werkbank.bench import Bench

settings.register_profile("seeded", derandomize=True)  # `make test` draws the same examples every time
settings.load_profile("seeded")

ROOT = Path(__file__).resolve().parents[1]
ORACLES = ROOT / "tests" / "oracles"


# what takes longest comes first, so that no worker of pytest-xdist is left with it when the others have done
LONG_ROOMS = ("notebooks", "running", "warm", "disclosure", "fuzz", "reporting")
BATCHES = {"running", "warm", "disclosure"}


def pytest_configure() -> None:
    """Import once, for all tests that do, what asks for a second of grammar which no test needs."""
    from werkbank.warm.kernel import quick_import

    quick_import("nbformat")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the rooms that take longest first."""
    order = {name: number for number, name in enumerate(LONG_ROOMS)}
    items.sort(key=lambda item: order.get(room(item.nodeid), len(order)))


def pytest_collection_finish() -> None:
    """Leave what thousands of tests and their libraries are made of out of every collection of garbage to come."""
    gc.collect()
    gc.freeze()
    gc.set_threshold(50_000, 20, 20)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> object:
    """Give one worker all files that look at the reports of one `demo`, so that these are made once."""
    from xdist.scheduler import LoadScopeScheduling

    class ByFile(LoadScopeScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "notebooks" if room(nodeid) == "notebooks" else super()._split_scope(nodeid)

    return ByFile(config, log) if config.getoption("dist") == "loadscope" else None


def room(nodeid: str) -> str:
    """Return the folder of `tests` that a test is in."""
    return nodeid.partition("tests/")[2].partition("/")[0]


def lacking(reason: str) -> None:
    """Skip with the reason on a user's machine; fail in CI, where everything must be there."""
    if os.environ.get("CI") == "true":
        pytest.fail(f"CI must have this: {reason}")
    pytest.skip(reason)


@cache
def whole_example(name: str) -> Bench:
    """An example on the bench, whose every part is computed once for all tests of a worker: to be looked at only."""
    import werkbank

    return werkbank.open(werkbank.example_path(name), language="nl+en")


def opened_example(name: str, language: str) -> Bench:
    """An example on a bench of its own, as `werkbank.open` gives it, with what was already computed of its results."""
    first = whole_example(name)
    bench = replace(first, language=language, shown={})
    bench.__dict__.update(_parts=first._parts, _viewed=first)  # as views of a bench have them
    return bench


@pytest.fixture(scope="session", autouse=True)
def _interruptible() -> None:
    """Let what tests start be interrupted: what a shell began in the background ignores that, its children too."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture(scope="session", autouse=True)
def _own_key(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keep the tests from the key in this user's own settings folder."""
    os.environ["WERKBANK_KEYS"] = str(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="session", autouse=True)
def _templates_end() -> Iterator[None]:
    """End the warm templates of this process with the tests, not with each file: to start one takes seconds."""
    yield
    if forking := sys.modules.get("werkbank.warm.forking"):
        forking.close_all()


@pytest.fixture(scope="module", autouse=True)
def _templates_stay(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the warm template of this process outlive a batch that came to its end.

    One that is interrupted ends it, as for a user. That an ordinary one leaves no process either is seen from outside,
    where batches are processes of their own (``running/test_faults.py``).
    """
    if room(request.node.nodeid) not in BATCHES:
        yield
        return
    from werkbank.running import batch
    from werkbank.warm.forking import close_all

    def ended() -> None:
        if sys.exc_info()[0] is not None:
            close_all()

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(batch, "forking", SimpleNamespace(close_all=ended))
        yield


@pytest.fixture(scope="module", autouse=True)
def _loops_end(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let go, where batches ran, of the event loops that nbclient leaves in their threads: the next module may not."""
    yield
    if room(request.node.nodeid) in BATCHES:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", ResourceWarning)
            gc.collect()


@pytest.fixture(scope="session")
def shared() -> Path:
    """The reference data and R oracles that lie beside the project, where they are present."""
    path = ROOT.parent / "shared"
    if not (path / "oracles" / "reference.json").is_file():
        lacking("the reference data (../shared) are not on this machine")
    return path


@pytest.fixture(scope="session")
def chromium() -> str:
    """The path of a real browser."""
    found = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if not found:
        lacking("no Chromium on this machine: reports are not opened in a browser")
    return str(found)


@pytest.fixture(scope="session")
def pinned():
    """What tests/oracles/effects.R computed."""
    return json.loads((ORACLES / "effects.json").read_text())


@pytest.fixture(scope="session")
def reference():
    """The part of the shared R oracles that this room is held against."""
    return json.loads((ORACLES / "effects_reference.json").read_text())


@pytest.fixture(scope="session")
def baumann():
    """66 pupils, three arms, two pre-tests and three post-tests."""
    data = pd.read_csv(Path(__file__).parents[1] / "data/examples/baumann/raw/baumann.csv")
    data.columns = [c.replace(".", "_") for c in data.columns]
    return data


@pytest.fixture(scope="session")
def bfi(shared: Path) -> pd.DataFrame:
    data = pd.read_csv(shared / "oracles" / "data" / "bfi.csv")
    reverse = ["A1", "C4", "C5", "E1", "E2", "O2", "O5"]
    data[reverse] = 7 - data[reverse]
    return data


@pytest.fixture(scope="session")
def hs(shared: Path) -> pd.DataFrame:
    return pd.read_csv(shared / "oracles" / "data" / "hs1939.csv")
