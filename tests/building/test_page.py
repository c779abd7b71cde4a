"""The small server: for this user on this computer, for as long as the page is open, and for nobody else."""

from __future__ import annotations

import http.client
import json
import threading
import time
from urllib.parse import quote

import pytest
from tests.building.conftest import serving
from tests.building.files_to_fill_in import clean, csv

from werkbank.building import page
from werkbank.building.page import FormServer, serve
from werkbank.building.session import Session
from werkbank.cli import main


def asked(server, path, method="GET", body=None, token=None, **headers):
    host, port = server.server_address
    connection = http.client.HTTPConnection(host, port, timeout=20)
    sent = {"Host": f"{host}:{port}", "Origin": f"http://{host}:{port}"} | headers
    sent = {name: value for name, value in sent.items() if value}
    connection.request(method, f"/{server.token if token is None else token}/{path}", body, sent)
    answer = connection.getresponse()
    content = answer.read()
    connection.close()
    return answer.status, answer.headers, content


def test_it_shows_the_form_and_its_two_files_and_nothing_else(server):
    status, headers, content = asked(server, "")
    assert status == 200
    assert b'<html lang="nl">' in content
    assert b"{" not in content
    assert "script-src 'self'" in headers["Content-Security-Policy"]
    for name in ("form.js", "form.css"):
        assert asked(server, name)[0] == 200
    for name in ("session.py", "../page.py", "%2e%2e/page.py", "report/x.html", "static/form.js", "message"):
        assert asked(server, name)[0] == 404, name


@pytest.mark.parametrize("headers", [{"Host": "evil.example"}, {"Host": "127.0.0.1:1"}, {"Host": "evil.example:80"}])
def test_a_name_that_only_points_here_is_refused(headers, server):
    assert asked(server, "", **headers)[0] == 403
    assert asked(server, "message", "POST", b'{"do": "begin"}', **headers)[0] == 403


@pytest.mark.parametrize("origin", ["http://evil.example", "null", "", "http://127.0.0.1:1", "https://localhost"])
def test_another_page_cannot_speak_to_it(origin, server):
    status, headers, content = asked(server, "message", "POST", b'{"do": "begin"}', Origin=origin)
    assert (status, content) == (403, b"")
    assert "Access-Control-Allow-Origin" not in headers


def test_whoever_does_not_know_the_address_finds_nothing(server):
    for token in ("", "x", server.token[:-1], "%C3%A9"):
        status, _, content = asked(server, "", token=token)
        assert (status, content) == (404, b"")


def test_too_much_is_not_read(server, monkeypatch):
    monkeypatch.setattr(page, "LARGEST_MESSAGE", 10)
    assert asked(server, "message", "POST", b'{"do": "begin"}')[0] == 413


@pytest.mark.parametrize("body", [b"", b"[]", b"\xff", b"{", b'{"do": 1}'])
def test_what_is_no_message_gets_a_sentence(body, server):
    status, _, content = asked(server, "message", "POST", body)
    assert status == 200
    assert json.loads(content)["error"]


def test_a_file_is_read_and_shown(server):
    message = '{"do": "read", "name": "metingen.csv"}'
    _, _, content = asked(server, f"upload?message={quote(message)}", "POST", csv(clean()))
    assert json.loads(content)["files"][0]["name"] == "metingen.csv"


def test_a_report_is_shown_as_a_page_that_cannot_reach_the_form(server, tmp_path):
    made = tmp_path / "evaluation.nl.html"
    made.write_text("<p>rapport</p>")
    server.session.page = lambda: made
    status, headers, content = asked(server, "report/evaluation.nl.html")
    assert (status, content) == (200, b"<p>rapport</p>")
    assert headers["Content-Security-Policy"].startswith("sandbox")
    assert asked(server, "report/other.html")[0] == 404


def served(tmp_path, told, **limits):
    with Session(tmp_path, "en") as session:
        thread = threading.Thread(
            target=serve, args=(session, "en", lambda *lines: told.extend(lines)),
            kwargs={"browser": False, **limits}, daemon=True,
        )  # fmt: skip
        thread.start()
        thread.join(20)
        return not thread.is_alive()


def test_it_ends_when_nobody_is_heard(tmp_path):
    told = []
    assert served(tmp_path, told, idle=0.3)
    assert "http://127.0.0.1:" in told[0]


def test_it_ends_when_the_page_is_closed_but_not_when_it_is_loaded_again(tmp_path):
    with Session(tmp_path, "en") as session, FormServer(session, "en") as server:
        server.heard = time.monotonic()
        server.left = server.heard + 0.001
        assert not server.over(60, 60)
        time.sleep(0.01)
        assert server.over(60, 0)
        server.heard = time.monotonic()  # loaded again
        assert not server.over(60, 0)
        server.heard -= 61
        assert server.over(60, 0)
        session._making = type("Busy", (), {"over": False, "end": lambda _: None})()
        assert not server.over(60, 0)


def test_it_begins_with_the_files_that_were_named(tmp_path):
    file = tmp_path / "metingen.csv"
    file.write_bytes(csv(clean()))
    with serving(tmp_path, "en", "mine", [file]) as server:
        _, _, content = asked(server, "message", "POST", b'{"do": "begin"}')
        told = json.loads(content)
        assert told["folder"] == "mine"
        assert told["sections"]


@pytest.mark.parametrize(
    "words", [["--set", "a=b"], ["--example", "randomised"], ["--log", "2x10"], ["--from", "x.csv"]]
)
def test_the_command_says_what_cannot_go_together(words, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    assert main(["new", "study", "--form", "--language", "en", *words]) == 2
    assert capsys.readouterr().err
    assert not list(tmp_path.iterdir())


def test_the_command_shows_the_form_and_says_what_was_made(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)

    def filled_in(session, _language, _tell, *, browser):
        assert not browser
        session.answer({"do": "read", "name": "metingen.csv"}, csv(clean()))
        session.answer({"do": "write"})

    monkeypatch.setattr("werkbank.building.serving.serve", filled_in)
    assert main(["new", "mine", "--form", "--no-browser", "--language", "en", "--json"]) == 0
    assert json.loads(capsys.readouterr().out) == {"ok": True, "folder": "mine", "report": None}
    assert main(["check", "mine"]) == 0
    assert main(["new", "mine", "--form", "--no-browser"]) == 2  # it is there
