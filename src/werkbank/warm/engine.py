"""papermill's engine ``werkbank-fork``: the cells run in a forked child of a warm template, without ZMQ.

The child's messages are those of a kernel, and papermill's own client turns them into outputs, so that a notebook looks
as if an ordinary kernel had run it. It differs where no kernel is: widgets and comms do not work (a notebook that names
ipywidgets gets an ordinary kernel), and the user's IPython start-up files are not run.
"""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path
from typing import Any

from nbclient.exceptions import CellExecutionError, CellTimeoutError, DeadKernelError
from papermill.clientwrap import PapermillNotebookClient
from papermill.engines import Engine, NBClientEngine
from papermill.log import logger

from werkbank.warm.forking import Child, NotWarmError, forks

NAME = "werkbank-fork"
NEEDS_KERNEL = "engine:kernel"  # a cell's tag
SECONDS_TO_STOP = 2.0
LANGUAGE_INFO = {
    "name": "python", "version": sys.version.split()[0], "mimetype": "text/x-python",
    "codemirror_mode": {"name": "ipython", "version": 3}, "pygments_lexer": "ipython3",
    "nbconvert_exporter": "python", "file_extension": ".py",
}  # fmt: skip


class CellProcessError(DeadKernelError):  # type: ignore[misc]
    """The process ended in a cell; `status` says with which exit code or by which signal."""

    def __init__(self, cell: int, code: int | None) -> None:
        self.status = _status(code)
        super().__init__(f"The process ended in cell {cell} ({self.status}).")


class TemplateLostError(CellProcessError):
    """The process ended with its template, which something killed: the notebook can be run again."""

    again = True


def _status(code: int | None) -> str:
    if code is None:
        return "the template was killed"
    return f"exit code {code}" if code >= 0 else signal.Signals(-code).name


class ForkEngine(Engine):  # type: ignore[misc]
    """Run a notebook in a fresh forked child, used once; in an ordinary kernel where that cannot be."""

    @classmethod
    def execute_managed_notebook(
        cls,
        nb_man: Any,  # noqa: ANN401 - as papermill
        kernel_name: str,
        *,
        env: dict[str, str] | None = None,
        **options: Any,  # noqa: ANN401 - as papermill
    ) -> None:
        """Run the cells; options are those of papermill's own engine, and `env`, the child's environment."""
        env = {**os.environ, **(env or {})}
        try:
            child = _forked(nb_man.nb, env, options.get("resources", {}).get("metadata", {}).get("path"))
        except (NotWarmError, OSError) as reason:
            logger.info("%s: an ordinary kernel is used (%s)", NAME, reason)
            NBClientEngine.execute_managed_notebook(nb_man, kernel_name, **options)
            return
        timeout = options.get("execution_timeout") or None
        client = PapermillNotebookClient(nb_man, log=logger, record_timing=False, **_told(options))
        client.reset_execution_trackers()
        try:
            _run(nb_man, client, child, timeout)
        finally:
            child.end(SECONDS_TO_STOP)
        nb_man.nb.metadata["language_info"] = dict(LANGUAGE_INFO)


def _forked(notebook: Any, env: dict[str, str], folder: str | None) -> Child:  # noqa: ANN401 - nbformat's node
    if wants_kernel(notebook):
        raise NotWarmError("the notebook asks for it")
    return forks(env).fork("cells", {"cwd": folder or str(Path.cwd()), "env": env})


def wants_kernel(notebook: Any) -> bool:  # noqa: ANN401 - nbformat's node
    """Whether a notebook needs an ordinary kernel: tagged so, in another language, or with widgets."""
    language = notebook.metadata.get("kernelspec", {}).get("language", "python")
    tags = {tag.replace(" ", "") for cell in notebook.cells for tag in cell.metadata.get("tags", [])}
    widgets = any(cell.cell_type == "code" and "ipywidgets" in cell.source for cell in notebook.cells)
    return language != "python" or NEEDS_KERNEL in tags or widgets


def _told(options: dict[str, Any]) -> dict[str, Any]:
    names = ("log_output", "stdout_file", "stderr_file", "allow_errors", "force_raise_errors")
    return {name: options[name] for name in names if options.get(name) is not None}


def _run(nb_man: Any, client: PapermillNotebookClient, child: Child, timeout: float | None) -> None:  # noqa: ANN401
    for index, cell in enumerate(nb_man.nb.cells):
        try:
            nb_man.cell_start(cell, index)
            if cell.cell_type != "code" or not cell.source.strip():
                continue
            if client.skip_cells_with_tag not in cell.metadata.get("tags", []):
                _run_cell(client, child, cell, index, timeout)
        except CellExecutionError as error:
            nb_man.cell_exception(cell, cell_index=index, exception=error)
            break
        finally:
            nb_man.cell_complete(cell, cell_index=index)


def _run_cell(client: PapermillNotebookClient, child: Child, cell: Any, index: int, timeout: float | None) -> None:  # noqa: ANN401
    cell.outputs, client.clear_before_next_output = [], False
    child.send({"source": cell.source})
    try:
        reply = _reply(client, child, cell, index, timeout)
    except TimeoutError:
        os.kill(child.pid, signal.SIGINT)
        try:
            _reply(client, child, cell, index, SECONDS_TO_STOP)
        except TimeoutError:
            os.kill(child.pid, signal.SIGKILL)
        raise CellTimeoutError.error_from_timeout_and_cell("Cell execution timed out", timeout, cell) from None
    if reply is None:
        raise (TemplateLostError if child.went_with_template() else CellProcessError)(index + 1, child.exit)
    cell["execution_count"] = reply["execution_count"]
    tolerated = client.allow_errors or "raises-exception" in cell.metadata.get("tags", [])
    if reply["status"] == "error" and (client.force_raise_errors or not tolerated):
        raise CellExecutionError.from_cell_and_msg(cell, reply)


def _reply(
    client: PapermillNotebookClient,
    child: Child,
    cell: Any,  # noqa: ANN401 - nbformat's node
    index: int,
    seconds: float | None,
) -> dict[str, Any] | None:
    """Take in a cell's messages until its reply; None when the child ended before."""
    for message in child.messages(seconds):
        kind, content = message["type"], message["content"]
        if kind == "reply":
            return dict(content)
        told = {"header": {"msg_type": kind}, "msg_type": kind, "content": content, "parent_header": {}}
        client.process_message(told, cell, index)
    return None
