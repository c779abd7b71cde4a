"""The form as a page on this computer: a small server for one user, for as long as the page is open.

It listens on 127.0.0.1 only, on a port that is free, under an address that nobody can guess; what does not name that
address, or comes from another page, is refused. It asks nothing of the network.
"""

from __future__ import annotations

import html
import json
import secrets
import threading
import time
import webbrowser
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import TYPE_CHECKING, Any
from urllib.parse import parse_qs, unquote, urlsplit

from werkbank.catalogue import say

if TYPE_CHECKING:
    from collections.abc import Callable

    from werkbank.building.session import Session

HOST = "127.0.0.1"
STATIC = Path(__file__).with_name("static")
KINDS = {".js": "text/javascript; charset=utf-8", ".css": "text/css; charset=utf-8"}
LARGEST = 200 * 2**20  # bytes of a file
LARGEST_MESSAGE = 4 * 2**20
IDLE = 600.0  # seconds without a sign of life (a page in the background gives one a minute), after which it ends
GRACE = 4.0  # seconds between the page's goodbye and the end: a page that is loaded again says goodbye, too
LOOK = 0.25  # seconds between two looks at whether it is over
# what the form may do in a browser: load its own two files and talk to this server, and nothing else
POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'"
)
# a report is a page of its own: it cannot reach the form that made it
REPORT_POLICY = (
    "sandbox allow-popups allow-downloads; default-src 'none'; style-src 'unsafe-inline'; img-src data:; font-src data:"
)


class FormServer(ThreadingHTTPServer):
    """The server of one form.

    Parameters
    ----------
    session : Session
    language : {"nl", "en"}
    """

    daemon_threads = True
    allow_reuse_address = False

    def __init__(self, session: Session, language: str) -> None:
        super().__init__((HOST, 0), _Handler)
        self.session, self.language = session, language
        self.token = secrets.token_urlsafe(24)
        self.heard, self.left = time.monotonic(), 0.0

    @property
    def hosts(self) -> tuple[str, ...]:
        """What a browser may call this server: a name that only points here is another's."""
        port = self.server_address[1]
        return (f"{HOST}:{port}", f"localhost:{port}")

    @property
    def address(self) -> str:
        """Where the form is."""
        return f"http://{self.hosts[0]}/{self.token}/"

    def over(self, idle: float, grace: float) -> bool:
        """Whether the page was closed, or has not been heard for long; never while a report is being made."""
        now = time.monotonic()
        closed = self.left > self.heard and now - self.left > grace
        return not self.session.busy and (closed or now - self.heard > idle)


def serve(
    session: Session,
    language: str,
    tell: Callable[..., None],
    *,
    browser: bool = True,
    idle: float = IDLE,
    grace: float = GRACE,
) -> None:
    """Show the form until its page is closed, it is not heard of for `idle` seconds, or somebody interrupts."""
    with FormServer(session, language) as server:
        serving = threading.Thread(target=server.serve_forever, args=(LOOK,), daemon=True)
        serving.start()
        tell(say("building.served.here", language, address=server.address), say("building.served.ends", language))
        if browser:
            webbrowser.open(server.address)
        try:
            while not server.over(idle, grace):
                time.sleep(LOOK)
        finally:
            server.shutdown()
            serving.join()


class _Handler(BaseHTTPRequestHandler):
    """Answers the requests of the page; whatever else is asked is not found."""

    server: FormServer
    protocol_version = "HTTP/1.1"
    server_version, sys_version = "werkbank", ""

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name in the library
        """Say nothing: a terminal is no place for the requests of a page."""

    def do_GET(self) -> None:
        """Answer with the page, one of its files, or the report."""
        path = self._allowed()
        if path is None:
            return
        if path == "":
            self.server.heard = time.monotonic()
            self._send(_page(self.server.language), "text/html; charset=utf-8")
        elif path in {"form.js", "form.css"}:
            self._send((STATIC / path).read_bytes(), KINDS[Path(path).suffix])
        elif path.startswith("report/"):
            self._report(path.removeprefix("report/"))
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def do_POST(self) -> None:
        """Answer a message of the form."""
        path = self._allowed()
        if path is None:
            return
        if self.headers.get("Origin") not in {f"http://{host}" for host in self.server.hosts}:
            self._refuse(HTTPStatus.FORBIDDEN)
            return
        if path == "bye":
            self.server.left = time.monotonic()
            self._send(b"", "text/plain")
            return
        self.server.heard = time.monotonic()
        content = self._content(LARGEST if path == "upload" else LARGEST_MESSAGE)
        if content is None:
            self._refuse(HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
        elif path == "alive":
            self._send(b"", "text/plain")
        elif path == "message":
            self._answer(_read(content), None)
        elif path == "upload":
            asked = parse_qs(urlsplit(self.path).query).get("message", ["{}"])[0]
            self._answer(_read(asked.encode()), content)
        else:
            self._refuse(HTTPStatus.NOT_FOUND)

    def _allowed(self) -> str | None:
        """Return the path below the token; refuse what names another host or does not know the token."""
        head, _, rest = unquote(urlsplit(self.path).path).lstrip("/").partition("/")
        if self.headers.get("Host") not in self.server.hosts:
            self._refuse(HTTPStatus.FORBIDDEN)
        elif not secrets.compare_digest(head.encode(), self.server.token.encode()):
            self._refuse(HTTPStatus.NOT_FOUND)
        else:
            return rest
        return None

    def _content(self, largest: int) -> bytes | None:
        length = self.headers.get("Content-Length", "")
        if not length.isdecimal() or int(length) > largest:
            return None
        return self.rfile.read(int(length))

    def _answer(self, message: dict[str, Any], content: bytes | None) -> None:
        told = self.server.session.answer(message, content)
        self._send(json.dumps(told, ensure_ascii=False).encode(), "application/json; charset=utf-8")

    def _report(self, name: str) -> None:
        page = self.server.session.page()
        if page is None or name != page.name or not page.is_file():
            self._refuse(HTTPStatus.NOT_FOUND)
        else:
            self._send(page.read_bytes(), "text/html; charset=utf-8", REPORT_POLICY)

    def _refuse(self, status: HTTPStatus) -> None:
        self.close_connection = True  # what was sent along is not read
        self._send(b"", "text/plain", status=status)

    def _send(self, body: bytes, kind: str, policy: str = POLICY, status: HTTPStatus = HTTPStatus.OK) -> None:
        self.send_response(status)
        headers = {
            "Content-Type": kind, "Content-Length": str(len(body)), "Content-Security-Policy": policy,
            "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store",
            "Cross-Origin-Resource-Policy": "same-origin",
        }  # fmt: skip
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body)


def _read(content: bytes) -> dict[str, Any]:
    try:
        message = json.loads(content)
    except ValueError:
        return {}
    return message if isinstance(message, dict) else {}


def _page(language: str) -> bytes:
    text = (STATIC / "page.html").read_text(encoding="utf-8")
    words = {"{language}": language, "{title}": say("building.page.title", language)}
    words["{without}"] = say("building.served.without", language)
    for name, word in words.items():
        text = text.replace(name, html.escape(word))
    return text.encode()
