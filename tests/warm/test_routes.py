"""Both warm routes give what papermill gives with an ordinary kernel, and nothing of a run stays behind."""

from __future__ import annotations

import json
import logging
import os
import re
import signal
import sys
import time
from pathlib import Path
from types import SimpleNamespace

import nbformat
import pytest
from tests.running.conftest import PARAMETERS, RESULTS, SECTION

from werkbank.errors import ReportError
from werkbank.running import run_report
from werkbank.warm import forking
from werkbank.warm.kernel import ONE_THREAD, quick_import

quick_import("papermill")  # first: it imports its engines itself
engine = quick_import("werkbank.warm.engine")

pytestmark = [
    pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only"),
    # papermill and jupyter_client leave sockets to the garbage collector when a kernel was killed
    pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning"),
    pytest.mark.filterwarnings("ignore:.*no running event loop.*", "ignore::DeprecationWarning"),
]

CELLS = (
    "a = 1",
    "import sys\nprint(a)\nprint('err', file=sys.stderr)\na + 1",
    "import pandas as pd\npd.DataFrame([range(30)])",  # wide: pandas settles how wide when it is imported
    "import matplotlib.pyplot as plt\nlines = plt.plot([1, 2], [3, a])\nplt.title('$x^2$');",
    "plt.plot([1, 2])\nplt.show()\nprint('after')",
    "%matplotlib inline\nfrom matplotlib.figure import Figure\nf = plt.figure(); f.subplots().bar([1, 2], [3, 4]); f",
    "import seaborn\nseaborn.heatmap([[1, 2], [3, 4]], annot=True).get_title()",
    "from IPython.display import HTML, clear_output, display\nh = display('x', display_id='q')\nh.update('y')",
    "print('gone'); clear_output(); display(HTML('<b>b</b>'))",
    "!echo shell",
    "import subprocess\nsubprocess.run(['echo', 'sub'], check=True).returncode",
    "await __import__('asyncio').sleep(0.01) or 5",
    "__name__, type(get_ipython()).__name__, [p for p in sys.path if not p]",
    "plt.get_backend(), plt.rcParams['figure.dpi'], pd.options.display.max_columns",
    "try:\n    input('x')\nexcept Exception as error:\n    print(type(error), error)",
    "len?",
    "def f():\n    return 1 / 0\nf()",
    "'never reached'",
)


@pytest.fixture
def provisioned(monkeypatch):
    """Every kernel of this interpreter comes from the template, as an environment variable asks."""
    from jupyter_client.provisioning import KernelProvisionerFactory

    monkeypatch.setenv("JUPYTER_DEFAULT_PROVISIONER_NAME", "werkbank-fork")
    KernelProvisionerFactory.clear_instance()  # it has read the variable already
    yield
    KernelProvisionerFactory.clear_instance()


def notebook(folder: Path, *sources: str, **metadata: object) -> Path:
    new = nbformat.v4
    cells = [new.new_code_cell(source, id=f"c{i}") for i, source in enumerate(sources)]
    cells[0].metadata["tags"] = ["parameters"]
    made = new.new_notebook(cells=cells)
    made.metadata.update({"kernelspec": {"name": "python3", "language": "python", "display_name": "x"}, **metadata})
    nbformat.write(made, folder / "in.ipynb")
    return folder / "in.ipynb"


def executed(path: Path, engine_name: str, **options: object) -> dict:
    papermill = quick_import("papermill")
    os.environ.pop("PYTEST_CURRENT_TEST", None)  # with it a kernel does not show what processes of a cell print
    out = path.with_name(f"{engine_name}.ipynb")
    stopped = None
    try:
        papermill.execute_notebook(
            path,
            out,
            parameters={"a": 3},
            engine_name=engine_name,
            kernel_name="python3",
            progress_bar=False,
            **options,
        )
    except papermill.PapermillExecutionError as error:
        stopped = (error.cell_index, error.ename, error.evalue)
    return {"stopped": stopped, **json.loads(out.read_text(encoding="utf-8"))}


def shown(made: dict) -> list:
    """The outputs, with what one stream wrote in pieces put together, and without addresses."""
    cells = []
    for cell in made["cells"]:
        outputs: list[dict] = []
        for output in cell.get("outputs", []):
            if output["output_type"] == "stream" and outputs and outputs[-1].get("name") == output["name"]:
                outputs[-1]["text"] += output["text"]
            else:
                outputs.append(dict(output))
        text = re.sub(r"0x[0-9a-f]{8,}", "0x", json.dumps(outputs))
        cells.append((text, cell.get("execution_count"), cell["metadata"].get("papermill", {}).get("status")))
    return cells


@pytest.fixture(scope="module")
def plain(tmp_path_factory):
    return executed(notebook(tmp_path_factory.mktemp("plain"), *CELLS), "nbclient")


def test_the_engine_shows_what_an_ordinary_kernel_shows(plain, tmp_path):
    same(plain, executed(notebook(tmp_path, *CELLS), engine.NAME))


@pytest.mark.usefixtures("provisioned")
def test_a_forked_kernel_shows_what_an_ordinary_kernel_shows(plain, tmp_path):
    same(plain, executed(notebook(tmp_path, *CELLS), "nbclient"))


def same(plain, made):
    assert sum("image/png" in text for text, *_ in shown(plain)) == 4
    for one, other, cell in zip(shown(plain), shown(made), plain["cells"], strict=True):
        source = "".join(cell["source"])  # lines, or one text
        assert compared(one, source) == compared(other, source), source
    assert made["stopped"] == plain["stopped"]
    assert made["stopped"][1] == "ZeroDivisionError"


def compared(cell, source):
    outputs, *rest = cell
    # a kernel reads what another process printed beside its cells, at its own pace: in which order is chance
    return (sorted(json.loads(outputs), key=str) if "subprocess" in source else outputs), rest


def test_both_routes_are_registered_where_jupyter_looks():
    from importlib.metadata import entry_points

    for group in ("papermill.engine", "jupyter_client.kernel_provisioners"):
        assert engine.NAME in {point.name for point in entry_points(group=group)}


def test_a_child_starts_from_nothing_each_time(tmp_path):
    cell = (
        "import os, random, numpy as np, pandas as pd\n"
        "seen = (os.environ.get('LEAK'), pd.options.display.precision, hasattr(np, 'leak'), 'leaked' in dir())\n"
        "os.environ['LEAK'] = 'x'; pd.options.display.precision = 2; np.leak = 1; leaked = 1\n"
        "(seen, os.getcwd(), sorted(os.listdir('/proc/self/fd'))[:3])"
    )
    chance = "(random.random(), np.random.rand(), str(np.random.default_rng().random()))"
    path = notebook(tmp_path, "a = 1", cell, chance)
    first, second = (executed(path, engine.NAME) for _ in range(2))
    assert shown(first)[:3] == shown(second)[:3]
    numbers = [json.loads(shown(made)[3][0])[0]["data"]["text/plain"] for made in (first, second)]
    assert all(a != b for a, b in zip(*(re.findall(r"0\.\d+", str(n)) for n in numbers), strict=True))
    assert "LEAK" not in os.environ


ENDINGS = {
    "exits with 0": ("import os\nos._exit(0)", "exit code 0"),
    "exits with 3": ("import os\nos._exit(3)", "exit code 3"),
    "is killed": ("import os, signal\nos.kill(os.getpid(), signal.SIGKILL)", "SIGKILL"),
    "segfaults": ("import os, signal\nos.kill(os.getpid(), signal.SIGSEGV)", "SIGSEGV"),
    "leaves": ("import sys\nsys.exit(0)", "SystemExit"),
    "hangs": ("import time\ntime.sleep(60)", "langer"),
    "hangs and refuses to stop": (
        "import signal, time\nsignal.signal(signal.SIGINT, signal.SIG_IGN)\ntime.sleep(60)",
        "langer",
    ),
    "eats memory": (
        "import resource\nresource.setrlimit(resource.RLIMIT_AS, (2 << 30, 2 << 30))\nx = bytearray(4 << 30)",
        "MemoryError",
    ),
}


@pytest.mark.parametrize("ending", ENDINGS)
def test_every_ending_names_its_cell_and_how(ending, study, tmp_path):
    source, words = ENDINGS[ending]
    path = notebook(tmp_path, PARAMETERS, SECTION, RESULTS, source, "1 + 1")
    with pytest.raises(ReportError, match=words) as caught:
        run_report(study, path, out=tmp_path / "uit", timeout=1 if "sleep" in source else 120, warm=True)
    assert caught.value.cell == 4
    assert not (tmp_path / "uit").exists()
    assert not list(tmp_path.glob(".werkbank-*"))


def alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


def gone(*pids: int) -> bool:
    deadline = time.monotonic() + 10
    while any(map(alive, pids)) and time.monotonic() < deadline:
        time.sleep(0.02)
    return not any(map(alive, pids))


def test_what_a_cell_started_ends_with_its_notebook(tmp_path):
    start = "import subprocess\nfor s in (60, 61): p = subprocess.Popen(['sleep', str(s)])\nprint(p.pid)"
    made = executed(notebook(tmp_path, "a = 1", start), engine.NAME)
    pid = int(re.search(r"\d+", "".join(made["cells"][2]["outputs"][0]["text"]))[0])
    assert gone(pid)


def test_an_ordinary_kernel_takes_over(tmp_path, caplog, monkeypatch):
    caplog.set_level(logging.INFO, "papermill")
    asks = notebook(tmp_path, "a = 1", "import sys; 'ipykernel_launcher' in sys.argv[0]")
    for reason in ("tagged", "no Linux", "threads", "no template"):
        with monkeypatch.context() as patch:
            if reason == "tagged":
                source = nbformat.read(asks, as_version=4)
                source.cells[1].metadata["tags"] = ["engine: kernel"]
                tagged = tmp_path / "tagged.ipynb"
                nbformat.write(source, tagged)
            if reason == "no Linux":
                patch.setattr(forking, "sys", SimpleNamespace(platform="win32"))
            if reason == "threads":
                # a library that leaves a thread running in the template
                (tmp_path / "pingouin.py").write_text(
                    "import threading, time\nthreading.Thread(target=time.sleep, args=(99,), daemon=True).start()"
                )
                patch.setenv("PYTHONPATH", str(tmp_path))
            if reason == "no template":
                patch.setattr(forking, "sys", SimpleNamespace(platform="linux", executable="/bin/false"))
                patch.setenv("LANG", "no_template")
            made = executed(tagged if reason == "tagged" else asks, engine.NAME)
        assert "'True'" in str(made["cells"][2]["outputs"]) or "True" in str(made["cells"][2]["outputs"]), reason
        assert caplog.text.count("an ordinary kernel is used") == 1, reason
        caplog.clear()


def test_a_machine_of_many_processors_is_warm_without_being_told(tmp_path, caplog, monkeypatch):
    for name in ONE_THREAD:  # as on a user's machine, where BLAS would start a thread for each processor
        monkeypatch.delenv(name, raising=False)
    caplog.set_level(logging.INFO, "papermill")
    asks = "import os, sys\n'ipykernel_launcher' in sys.argv[0], len(os.listdir('/proc/self/task'))"
    made = executed(notebook(tmp_path, "a = 1", asks), engine.NAME)
    assert "(False, 1)" in str(made["cells"][2]["outputs"])
    assert "an ordinary kernel is used" not in caplog.text


def test_a_killed_template_is_told_and_replaced(tmp_path):
    hangs = notebook(tmp_path, "a = 1", "import time\ntime.sleep(60)")
    found = forking.template(dict(os.environ))
    child = found.fork("cells", {"cwd": str(tmp_path), "env": dict(os.environ)})
    child.send({"source": "import time; time.sleep(60)"})
    found.process.kill()
    assert [m for m in child.messages(10) if m["type"] == "reply"] == []
    assert child.exit is None
    assert gone(child.pid)
    child.end(1)
    assert forking.template(dict(os.environ)).process.pid != found.process.pid
    with pytest.raises(engine.CellTimeoutError):
        executed(hangs, engine.NAME, execution_timeout=1)


def test_nothing_outlives_a_killed_driver(tmp_path):
    code = (
        "import os, time\nfrom werkbank.warm import forking\n"
        "t = forking.template(dict(os.environ))\n"
        "c = t.fork('cells', {'cwd': '.', 'env': dict(os.environ)})\n"
        "c.send({'source': 'import time; time.sleep(99)'})\n"
        "print(t.process.pid, c.pid, flush=True)\ntime.sleep(99)"
    )
    import subprocess

    driver = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, cwd=tmp_path)
    pids = [int(word) for word in driver.stdout.readline().split()]
    assert all(map(alive, pids))
    driver.send_signal(signal.SIGKILL)
    driver.communicate()
    assert gone(*pids)


@pytest.mark.usefixtures("provisioned")
def test_a_forked_kernel_is_interrupted_restarted_and_shut_down(tmp_path):
    from jupyter_client.manager import KernelManager

    from werkbank.warm.provisioner import ForkProvisioner

    manager = KernelManager(kernel_name="python3")
    manager.start_kernel(cwd=str(tmp_path))
    assert isinstance(manager.provisioner, ForkProvisioner)
    client = manager.client()
    client.start_channels()
    try:
        client.wait_for_ready(timeout=60)
        first = manager.provisioner.pid
        client.execute("import time; time.sleep(60)")
        time.sleep(0.5)
        manager.interrupt_kernel()
        reply = client.get_shell_msg(timeout=10)["content"]
        assert reply["ename"] == "KeyboardInterrupt"
        manager.restart_kernel(now=True)
        client.wait_for_ready(timeout=60)
        assert manager.provisioner.pid != first
        assert gone(first)
        assert manager.is_alive()
    finally:
        client.stop_channels()
        manager.shutdown_kernel()
    assert gone(manager.provisioner.pid or 0)
