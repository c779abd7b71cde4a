"""One notebook through papermill, whole or not at all.

papermill marks a notebook as completed when its kernel died, when a cell ran out of time and when a cell called
``sys.exit(0)``. Here a notebook counts as run only when every code cell has run to its end without an error.
"""

from __future__ import annotations

import json
import logging
import shutil
from functools import partial
from typing import TYPE_CHECKING, Any

from werkbank import steps
from werkbank.catalogue import say
from werkbank.errors import MissingPieceError, ReportError
from werkbank.running import preloading
from werkbank.running.notebooks import INJECTED_ID, NUMBER, is_own, is_shipped, only_by_hand
from werkbank.running.remarks import about_numbers, without_paths
from werkbank.warm.folder import ALIVE
from werkbank.warm.forking import PRELOAD
from werkbank.warm.kernel import KERNEL_NAME, connection, manager_class, quick_import, undisturbed

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

ENGINE = "werkbank"
CELL_SECONDS = 900
TOLERATED = "raises-exception"  # nbclient's tag for a cell that may fail
CUT_OFF = "werkbank_cut_off"
STEPS = ".steps"  # a file in the folder of a run
LINE = 60  # characters of a cell's first line, by which a message names it
PREPARE = '__import__("werkbank.reporting.showing", fromlist=["prepare"]).prepare()'  # after the injected parameters


def execute(
    notebook: Path, parameters: dict[str, Any], work: Path, *, timeout: int = CELL_SECONDS, warm: bool = False
) -> dict[str, Any]:
    """Run a notebook in a fresh process of this interpreter, in the folder `work`.

    Parameters
    ----------
    notebook : path
        The source; it is not changed.
    parameters : dict
        Checked ones (`werkbank.running.params`), with ``language``, in the first of which a failure is told.
    work : path
        An existing folder: the process runs in it, and the notebook's files land in it.
    timeout : int
        Seconds that one cell may take.
    warm : bool
        In a child of a warm template process where that can be, otherwise in an ordinary kernel.

    Returns
    -------
    dict
        The executed notebook as JSON values, with outputs as the process gave them; its metadata say whether the
        process was out of every network (`CUT_OFF`), or only refused in Python.

    Raises
    ------
    ReportError
        When a cell raised, was interrupted, took too long, ended the process or was never reached; it names the cell.
    MissingPieceError
        When this interpreter cannot start a kernel.
    """
    _register_engine()
    if warm:
        from werkbank.warm.engine import TemplateLostError

        try:
            return _once(notebook, parameters, work, timeout, warm=True)
        except TemplateLostError:  # no fault of the notebook's: it is run again, where there is no template to lose
            _clear(work)
    return _once(notebook, parameters, work, timeout, warm=False)


def _once(notebook: Path, parameters: dict[str, Any], work: Path, timeout: int, *, warm: bool) -> dict[str, Any]:
    steps.begin("starting")
    papermill = quick_import("papermill")
    language = parameters["language"].partition("+")[0]
    with (
        connection(work) as spoken_to,
        steps.forwarded(work / STEPS) as told,
        manager_class(env := {**undisturbed(work), **told}) as manager,
    ):
        executed: dict[str, Any] = papermill.execute_notebook(
            _source(notebook, language),
            None,
            parameters=parameters,
            engine_name=ENGINE,
            kernel_name=KERNEL_NAME,
            language="python",
            progress_bar=False,
            request_save_on_cell_execute=False,
            autosave_cell_every=0,
            execution_timeout=timeout,
            # what follows reaches nbclient
            record_timing=False,
            kernel_manager_class=manager,
            config=_config(spoken_to),
            resources={"metadata": {"path": str(work)}},
            shutdown_kernel="immediate",
            told_in=language,
            warm_env={**env, PRELOAD: preloading.MODULE} if warm else None,
        )
    _without_folder(executed, work)
    executed["metadata"][CUT_OFF] = "ip" in spoken_to
    return executed


def _clear(work: Path) -> None:
    """Remove what a notebook has left in its folder; not what marks the folder as that of a living process."""
    for path in work.iterdir():
        if path.is_dir() and not path.is_symlink():
            shutil.rmtree(path, ignore_errors=True)
        elif path.name != ALIVE:
            path.unlink(missing_ok=True)


def _without_folder(executed: Any, work: Path) -> None:  # noqa: ANN401 - nbformat's node
    """Call the folder of this run ``.`` in what cells said: it is another one each time."""
    places = {str(work), str(work.resolve()), work.resolve().as_posix()}
    for output in (output for cell in executed.cells for output in cell.get("outputs", [])):
        for holder in (output, output.get("data", {})):
            for kind in ("text", "text/plain", "text/html"):
                if isinstance(holder.get(kind), str):
                    for place in sorted(places, key=len, reverse=True):
                        holder[kind] = holder[kind].replace(place, ".")


def _source(notebook: Path, language: str) -> Any:  # noqa: ANN401 - nbformat's node
    """Read a notebook that papermill can be trusted with: one parameters cell, every cell with an id of its own."""
    nbformat = quick_import("nbformat")
    try:
        raw = json.loads(notebook.read_text(encoding="utf-8"))
        valid = raw["nbformat"] == 4 and nbformat.validator.isvalid(raw)
    except (ValueError, TypeError, KeyError, AttributeError):
        valid = False
    if not valid:
        raise ReportError(say("cli.stopped.not_a_notebook", language, path=notebook.name))
    for number, cell in enumerate(raw["cells"], 1):
        cell["metadata"][NUMBER] = number
    if is_own(notebook):
        raw["cells"] = [cell for cell in raw["cells"] if not only_by_hand(cell)]
    source = nbformat.from_dict({**raw, "nbformat_minor": max(5, raw["nbformat_minor"])})
    for i, cell in enumerate(source.cells):
        cell.setdefault("id", f"cell-{i + 1}")
        if only_by_hand(cell):  # a user's own cells may go on with what it made, but a report does not depend on it
            cell.metadata["tags"] = [*cell.metadata.tags, TOLERATED]
    marked = [c for c in source.cells if c.cell_type == "code" and "parameters" in c.metadata.get("tags", [])]
    if len(marked) != 1:
        raise ReportError(say("cli.stopped.no_parameters_cell", language, path=notebook.name, found=len(marked)))
    return source


def _config(spoken_to: dict[str, str]) -> Any:  # noqa: ANN401 - traitlets' own type
    from traitlets.config import Config

    return Config({"KernelManager": spoken_to})


def _register_engine() -> None:
    engines = quick_import("papermill.engines")
    if ENGINE in engines.papermill_engines._engines:  # noqa: SLF001 - there is no other way to ask
        return
    # without any handler Python would print what papermill logs beside our own message
    logging.getLogger("papermill").addHandler(logging.NullHandler())
    logging.getLogger("matplotlib").addHandler(logging.NullHandler())  # of a home folder that cannot be written

    class WholeEngine(engines.NBClientEngine):  # type: ignore[name-defined, misc]
        """papermill's own engine, with the last word on whether a notebook has run."""

        @classmethod
        def execute_managed_notebook(cls, nb_man: Any, kernel_name: str, **options: Any) -> None:  # noqa: ANN401
            notebook, language, env = nb_man.nb, options.pop("told_in"), options.pop("warm_env")
            for cell in notebook.cells:
                if "injected-parameters" in cell.metadata.get("tags", []):
                    cell["id"] = INJECTED_ID
                    cell["source"] += f"\n{PREPARE}"
            _tell_cells(nb_man)
            run = super().execute_managed_notebook
            if env is not None:
                from werkbank.warm.engine import ForkEngine

                run = partial(ForkEngine.execute_managed_notebook, env=env)
            _judged(notebook, language, lambda: run(nb_man, kernel_name, **options))

    engines.papermill_engines.register(ENGINE, WholeEngine)


def _tell_cells(nb_man: Any) -> None:  # noqa: ANN401 - papermill's manager
    """Say which cell of a user's notebook begins; a part of ours says its own heading."""
    code = [cell for cell in nb_man.nb.cells if cell.cell_type == "code" and cell.source.strip()]
    place = {cell.id: at for at, cell in enumerate(code, 1) if cell.id != INJECTED_ID}
    start = nb_man.cell_start

    def begun(cell: Any, *rest: Any, **named: Any) -> Any:  # noqa: ANN401 - as papermill has it
        if cell.get("id") in place and not is_shipped(cell):
            steps.begin("cell", at=place[cell.id], of=len(code), line=_first_line(cell.source))
        return start(cell, *rest, **named)

    nb_man.cell_start = begun


def _judged(notebook: Any, language: str, run: Callable[[], None]) -> None:  # noqa: ANN401 - nbformat's node
    """Run, and raise for every way in which a notebook can end before its end."""
    from nbclient.exceptions import CellTimeoutError, DeadKernelError

    try:
        run()
    except CellTimeoutError:
        raise _stopped(notebook, "timeout", language) from None
    except DeadKernelError as error:
        if getattr(error, "again", False):
            raise
        status = getattr(error, "status", "")  # only a forked child tells
        raise _stopped(notebook, "died_with" if status else "died", language, reason=status) from None
    except (RuntimeError, FileNotFoundError, PermissionError) as error:
        # the process did not come up, or not within its start time
        raise MissingPieceError(say("cli.stopped.no_kernel", language, reason=str(error))) from error
    for cell in filter(only_by_hand, notebook.cells):
        cell.outputs, cell.metadata["tags"] = [], [tag for tag in cell.metadata.tags if tag != TOLERATED]
    _whole(notebook, language)


def _whole(notebook: Any, language: str) -> None:  # noqa: ANN401 - nbformat's node
    """Raise where a cell ended in an error, gave a warning about numbers, or was never reached."""
    outputs = [(cell, output) for cell in notebook.cells for output in cell.get("outputs", [])]
    for cell, output in outputs:
        if output.output_type == "error":
            ending = {"SystemExit": "left", "KeyboardInterrupt": "interrupted"}.get(output.ename, "raised")
            raise _stopped(notebook, ending, language, cell, f"{output.ename}: {output.evalue}")
    for cell, output in outputs:
        # what one of our own cells warns of may be about the numbers; all else that is said aside is a remark
        if output.get("name") == "stderr" and is_shipped(cell) and (reason := about_numbers(output.text)):
            raise _stopped(notebook, "warned", language, cell, reason)
    code = [cell for cell in notebook.cells if cell.cell_type == "code" and cell.source.strip()]
    if any(cell.execution_count is None for cell in code):
        raise _stopped(notebook, "unfinished", language)


def _last_begun(notebook: Any) -> Any:  # noqa: ANN401 - nbformat's node
    """Return the cell that papermill began last: what came after it is still pending."""
    return [cell for cell in notebook.cells if cell.metadata.papermill.get("status") != "pending"][-1]


def _stopped(notebook: Any, how: str, language: str, cell: Any = None, reason: str = "") -> ReportError:  # noqa: ANN401
    """Say in which cell of the user's notebook a run ended, how, and what is the first thing that the cell does."""
    cell = _last_begun(notebook) if cell is None else cell
    number = cell.metadata.get(NUMBER, 0)
    line = _first_line(cell.source)
    message = say(f"cli.stopped.{how}", language, cell=number, line=line, reason=without_paths(reason))
    return ReportError(message, number, line)


def _first_line(source: str) -> str:
    """Return the first line of code, shortened; the first of its comments where it has nothing else."""
    lines = [line.strip() for line in source.split("\n") if line.strip()]
    found = next((line for line in lines if not line.startswith("#")), (lines or ["–"])[0])
    return found if len(found) <= LINE else f"{found[: LINE - 1].rstrip()}…"
