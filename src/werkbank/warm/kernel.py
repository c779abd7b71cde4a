"""The process that runs a notebook: this interpreter, undisturbed by what else is on the machine."""

from __future__ import annotations

import importlib
import socket
import sys
import tempfile
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from werkbank.warm.offline import can_leave

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

KERNEL_NAME = "python3"
SOCKET = "kernel"
# sums in the order of one thread are the same on every machine, and only a process of one thread may be forked
ONE_THREAD = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")


def kernel_json(env: dict[str, str] | None = None, program: str = "ipykernel_launcher") -> dict[str, Any]:
    """Return a kernelspec for exactly this interpreter (a bare ``python`` would be whichever comes first on PATH)."""
    return {
        "argv": [sys.executable, "-m", program, "-f", "{connection_file}"],
        "display_name": "Python 3 (werkbank)",
        "language": "python",
        "env": env or {},
        "metadata": {"debugger": True, "supported_encryption": ["curve"]},
    }


@contextmanager
def connection(work: Path) -> Iterator[dict[str, str]]:
    """Yield how a kernel is spoken to: over sockets in a folder where the kernel can do without a network, else TCP.

    The folder is `work`, or a temporary one where that is on a disk without sockets, or has too long a name for them.
    """
    # since ipykernel 7.3 every start over TCP without this prints a warning, and others on the machine could listen
    chosen = {"transport_encryption": "auto", "connection_file": str(work.resolve() / "kernel.json")}
    if not can_leave():
        yield chosen
        return
    if _holds_sockets(work.resolve()):
        yield {**chosen, "transport": "ipc", "ip": str(work.resolve() / SOCKET)}
        return
    with tempfile.TemporaryDirectory(prefix="werkbank-") as other:
        yield {**chosen, "transport": "ipc", "ip": str(Path(other) / SOCKET)} if _holds_sockets(Path(other)) else chosen


def _holds_sockets(folder: Path) -> bool:
    tried = folder / f"{SOCKET}-00"  # as long as any name that jupyter_client makes of it
    try:
        with socket.socket(socket.AF_UNIX) as one:
            one.bind(str(tried))
    except OSError:
        return False
    finally:
        tried.unlink(missing_ok=True)
    return True


def undisturbed(work: Path) -> dict[str, str]:
    """Return the environment in which a user's own settings cannot change a report.

    IPython's profile and start-up files, PYTHONSTARTUP and a personal matplotlibrc are passed over, and the order of
    sets and of sums is fixed, so that the same study gives the same report on another machine.
    """
    (work / "matplotlibrc").touch()
    return {
        "IPYTHONDIR": str(work / "ipython"),
        "PYTHONSTARTUP": "",
        "PYTHONHASHSEED": "0",
        "PYDANTIC_DISABLE_PLUGINS": "__all__",  # it would look through every package that is installed
        **ONE_THREAD,
        "MATPLOTLIBRC": str(work / "matplotlibrc"),
        "MPLBACKEND": "module://matplotlib_inline.backend_inline",
    }


@contextmanager
def manager_class(env: dict[str, str]) -> Iterator[type]:
    """Give a kernel manager that starts this interpreter with `env`, off line, whatever kernelspecs are installed.

    Afterwards no kernel of it lives: an interrupt can come when one has started and nobody knows of it yet.
    """
    jupyter_client = quick_import("jupyter_client.manager")
    from jupyter_client.kernelspec import KernelSpec

    made: list[OwnKernelManager] = []

    class OwnKernelManager(jupyter_client.AsyncKernelManager):  # type: ignore[name-defined, misc]
        def __init__(self, *words: Any, **named: Any) -> None:  # noqa: ANN401 - as traitlets has it
            super().__init__(*words, **named)
            made.append(self)

        @property
        def kernel_spec(self) -> KernelSpec:
            return KernelSpec(**kernel_json(env, "werkbank.warm.offline"))

    try:
        yield OwnKernelManager
    finally:
        for manager in made:
            process = getattr(manager.provisioner, "process", None)
            if process is not None and process.poll() is None:
                process.kill()
                process.wait()


@cache
def quick_import(name: str) -> ModuleType:
    """Import one of Jupyter's modules without the two seconds that jsonschema's optional IRI grammar costs.

    jsonschema builds parsers of ``rfc3987_syntax`` when it is imported; it does without when that cannot be found, and
    no notebook needs a check of IRIs.
    """
    grammar = "rfc3987_syntax"
    hidden = grammar not in sys.modules
    if hidden:
        sys.modules[grammar] = None  # type: ignore[assignment]
    try:
        return importlib.import_module(name)
    finally:
        if hidden:
            del sys.modules[grammar]
