"""JupyterLab on the notebooks: on this computer only, with this interpreter, and without asking the network."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from werkbank.catalogue import say
from werkbank.errors import MissingPieceError
from werkbank.running.notebooks import notebook_folder
from werkbank.running.start_page import START, add_extension, start_page
from werkbank.study.finding import ROOT
from werkbank.warm.kernel import KERNEL_NAME, kernel_json

SECONDS_TO_CLOSE = 8


def open_lab(
    root: Path, *, language: str, browser: bool = True, port: int | None = None, allow_root: bool = False
) -> None:
    """Start JupyterLab in `root`, on its start page, and stay until it is closed.

    A folder ``notebooks`` in `root` is used as it is; where there is none (werkbank was installed, not checked out) it
    is made as a copy of the shipped notebooks, which the user may then change. So is ``start.ipynb``, the page with
    the study builder, which runs its cell when it opens. `allow_root` is for a container in which there is no other
    user than root.

    Raises
    ------
    MissingPieceError
        When JupyterLab is not installed, or does not start here.
    """
    if importlib.util.find_spec("jupyterlab") is None:
        raise MissingPieceError(say("cli.problem.no_lab", language, python=Path(sys.executable).name))
    mine = root / "notebooks"
    if not mine.exists():
        mine.mkdir(parents=True)
        for notebook in notebook_folder().glob("*.ipynb"):
            shutil.copy(notebook, mine)
        sys.stdout.write(say("cli.done.notebooks_copied", language, path=mine.as_posix()) + "\n")
    if not (root / START).exists():
        (root / START).write_text(start_page(language), encoding="utf-8")
    with tempfile.TemporaryDirectory(prefix="werkbank-lab-") as folder:
        command = lab_command(root, browser=browser, port=port, allow_root=allow_root)
        server = subprocess.Popen(command, env={**_environment(Path(folder)), ROOT: str(root.resolve())})  # noqa: S603 - our own words
        try:
            code = server.wait()
        except KeyboardInterrupt:
            _close(server)
            return
    if code:
        raise MissingPieceError(say("cli.problem.lab_stopped", language, code=code))


def _close(server: subprocess.Popen[bytes]) -> None:
    server.terminate()  # it closes its kernels itself
    try:
        server.wait(SECONDS_TO_CLOSE)
    except subprocess.TimeoutExpired:
        # Jupyter's server can wait for ever for a worker thread of its own after everything is closed
        server.kill()
        server.wait()


def lab_command(root: Path, *, browser: bool, port: int | None, allow_root: bool = False) -> list[str]:
    """Return the command that starts JupyterLab; its flags win over whatever a user's configuration says."""
    options = {
        "ServerApp.ip": "127.0.0.1",
        "ServerApp.allow_remote_access": "False",
        "ServerApp.root_dir": str(root),
        "ServerApp.open_browser": str(browser),
        "LabApp.default_url": f"/lab/tree/{START}",
        "MappingKernelManager.default_kernel_name": KERNEL_NAME,
        "KernelManager.transport_encryption": "auto",
        "LabApp.extension_manager": "readonly",  # the other one lists what there is on the network
    }
    if allow_root:
        options["ServerApp.allow_root"] = "True"
    if port is not None:
        options["ServerApp.port"] = str(port)
    return [sys.executable, "-m", "jupyterlab", *(f"--{name}={value}" for name, value in options.items())]


def _environment(folder: Path) -> dict[str, str]:
    """Return an environment in which ``python3`` is this interpreter, Lab begins with the form, and asks no network."""
    spec = folder / "kernels" / KERNEL_NAME
    spec.mkdir(parents=True)
    (spec / "kernel.json").write_text(json.dumps(kernel_json()), encoding="utf-8")
    add_extension(folder)
    silent = {"disabledExtensions": {"@jupyterlab/apputils-extension:announcements": True}}
    (folder / "labconfig").mkdir()
    (folder / "labconfig" / "page_config.json").write_text(json.dumps(silent), encoding="utf-8")
    first = {
        name: os.pathsep.join(filter(None, [str(folder), os.environ.get(name, "")]))
        for name in ("JUPYTER_PATH", "JUPYTER_CONFIG_PATH")
    }
    return {**os.environ, **first}
