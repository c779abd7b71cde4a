"""A run needs no network, asks for none, and cannot reach one."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys

import pytest
from tests.running.conftest import PARAMETERS, RESULTS, SECTION

from werkbank.catalogue import say
from werkbank.errors import ReportError
from werkbank.running import run_report
from werkbank.study.finding import example_path

pytestmark = pytest.mark.filterwarnings("ignore::ResourceWarning", "ignore::pytest.PytestUnraisableExceptionWarning")
LISTENER = """\
import sys, os
ASKED = ("socket.getaddrinfo", "socket.gethostbyname", "socket.gethostbyaddr", "socket.connect", "socket.sendto")
def hear(event, arguments):
    if event in ASKED:
        with open(os.environ["HEARD"], "a") as file:
            file.write(f"{event} {arguments!r} {sys.argv}\\n")
sys.addaudithook(hear)
"""
REACHES = {
    "an address": "import socket\nsocket.create_connection(('192.0.2.1', 80), timeout=1)",
    "a name": "import urllib.request\nurllib.request.urlopen('http://example.org')",
    "a packet": "import socket\nsocket.socket(socket.AF_INET, socket.SOCK_DGRAM).sendto(b'x', ('192.0.2.1', 53))",
    "another address": "import socket\nsocket.socket(socket.AF_INET6).connect(('2001:db8::1', 80))",
}


@pytest.fixture
def heard(tmp_path, monkeypatch):
    """Every Python process that is started from here writes down what it asks of a network."""
    (tmp_path / "ears").mkdir()
    (tmp_path / "ears" / "sitecustomize.py").write_text(LISTENER, encoding="utf-8")
    paths = [str(tmp_path / "ears"), os.environ.get("PYTHONPATH", "")]
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, paths)))
    monkeypatch.setenv("HEARD", str(tmp_path / "heard.txt"))
    return lambda: (tmp_path / "heard.txt").read_text() if (tmp_path / "heard.txt").exists() else ""


def werkbank(*words: object, alone: bool = False) -> subprocess.CompletedProcess[str]:
    unshare = ["unshare", "--net", "--map-root-user"] if alone else []
    command = [*unshare, sys.executable, "-m", "werkbank", *map(str, words)]
    return subprocess.run(command, capture_output=True, text=True, check=False)


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.parametrize("how", REACHES)
def test_a_notebook_that_reaches_for_a_network_is_stopped_in_words(study, notebook, tmp_path, how, warm):
    path = notebook(PARAMETERS, SECTION, RESULTS, REACHES[how])
    with pytest.raises(ReportError, match="no network during a run") as caught:
        run_report(study, path, out=tmp_path / "uit", warm=warm)
    assert caught.value.cell == 4


@pytest.mark.parametrize("warm", [True, False])
@pytest.mark.skipif(sys.platform != "linux", reason="a network of its own, as Linux gives it")
def test_what_a_cell_starts_reaches_nothing_either(study, notebook, tmp_path, warm):
    if shutil.which("unshare") is None or subprocess.run(["unshare", "-n", "true"], check=False).returncode:
        pytest.skip("processes may not be taken out of the network here")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        code = f"import socket; socket.create_connection(('127.0.0.1', {port}), timeout=1)"
        ask = (
            "import subprocess, sys\n"
            f"assert subprocess.run([sys.executable, '-c', {code!r}], capture_output=True).returncode == 1"
        )
        run_report(study, notebook(PARAMETERS, SECTION, RESULTS, ask), out=tmp_path / "uit", warm=warm)
        server.setblocking(False)
        with pytest.raises(BlockingIOError):
            server.accept()


def test_no_command_asks_anything_of_a_network(heard, split, small, tmp_path):
    subprocess.run([sys.executable, "-c", "import socket; socket.getaddrinfo('localhost', 1)"], check=True)
    assert heard().count("getaddrinfo") == 1, "the listener hears"
    study, out = example_path("baumann"), tmp_path / "uit"
    for words in (
        ["check", study],
        ["run", study, "--format", "html,pdf,docx,xlsx", "--out", out],
        ["verify", out, "--quick"],
        ["batch", split, "--by", "school", "--report", small, "--format", "html,pdf", "--out", tmp_path / "batch"],
        ["codebook", study, "--out", out],
        ["check-privacy", out / "share", "--study", study],
    ):
        done = werkbank(*words)
        assert done.returncode == 0, done.stderr
    far = [line for line in heard().splitlines()[1:] if "'127.0.0.1'" not in line and "'localhost'" not in line]
    # an ordinary kernel and its client talk over this computer's own loopback; nothing else is asked
    assert far == []


@pytest.mark.skipif(sys.platform != "linux", reason="a network of its own, as Linux gives it")
def test_reports_are_made_where_there_is_no_network(split, small, tmp_path):
    if subprocess.run(["unshare", "--net", "--map-root-user", "true"], capture_output=True, check=False).returncode:
        pytest.skip("a process may not be taken out of the network here")
    words = ["batch", split, "--by", "school", "--report", small, "--format", "html,docx", "--out", tmp_path / "uit"]
    done = werkbank(*words, alone=True)
    assert done.returncode == 0, done.stderr
    assert len(list((tmp_path / "uit").glob("school-*/klein.nl.docx"))) == 6


@pytest.mark.parametrize("warm", [True, False])
def test_what_a_system_cannot_do_is_said(study, notebook, tmp_path, monkeypatch, warm):
    path = notebook(PARAMETERS, SECTION, RESULTS)
    said = say("cli.done.network", "nl")
    assert said not in run_report(study, path, language="nl", out=tmp_path / "een", warm=warm).remarks
    monkeypatch.setattr("werkbank.warm.kernel.can_leave", lambda: False)
    made = run_report(study, path, language="nl", out=tmp_path / "twee", warm=warm)
    assert made.remarks == (said,)
    told = json.loads((tmp_path / "twee" / "manifest.json").read_text(encoding="utf-8"))
    assert told["reports"]["klein.nl"]["remarks"] == [{"cell": 0, "text": said}]


def test_a_disk_without_sockets_or_with_long_names_has_them_elsewhere(study, notebook, tmp_path):
    deep = tmp_path / ("d" * 90)
    asks = (
        "import json, sys\nfrom pathlib import Path\n"
        "said = json.loads(Path(sys.argv[sys.argv.index('-f') + 1]).read_text())\nassert said['transport'] == 'ipc'"
    )
    made = run_report(study, notebook(PARAMETERS, SECTION, RESULTS, asks), out=deep / "uit")
    assert made.remarks == ()
    assert not list(deep.glob(".werkbank-*"))
