"""The reports of all models, served to this machine alone, so that a page of the UI can link to them.

Browsers follow no link from a page of http to a file. Nothing is served but a list, and the `report.html` of each model
that lies where a run leaves it; nothing can be written or asked for by another site.
"""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime
from html import escape
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

from bloodtwin_core.config import ModelSettings
from bloodtwin_core.pipeline.artifacts import ArtifactStore

REPORTS_VARIABLE = "BLOODTWIN_REPORTS"
"""Names the address of this server to the processes of the UI, as http://127.0.0.1:PORT."""
_HOST = "127.0.0.1"
_POLL = 0.1
"""Seconds after which the server notices that it should end."""
_REPORT = re.compile(r"/(?P<model>[^/]+)/report\.html")
_NAME = re.compile(str(ModelSettings.model_json_schema()["properties"]["name"]["pattern"]))
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
    "form-action 'none'; frame-ancestors 'none'",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cross-Origin-Resource-Policy": "same-origin",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cache-Control": "no-store",
}
_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>{title}</title>
<style>
:root {{ color-scheme: light dark; }}
body {{ margin: 2rem auto; max-width: 44rem; padding: 0 1rem; font: 1rem/1.6 system-ui, sans-serif; }}
li span {{ opacity: 0.7; }}
</style>
</head>
<body>
<h1>{title}</h1>
{body}
</body>
</html>
"""


@contextmanager
def report_server(root: Path) -> Iterator[str]:
    """Serve the reports below a folder of artifacts, on a free port of this machine, until the block ends.

    Gives the server's address. Raises OSError if there is no free port.
    """

    class Handler(_ReportHandler):
        artifacts = root

    with ThreadingHTTPServer((_HOST, 0), Handler) as server:
        Handler.port = server.server_port
        server.daemon_threads = True
        Thread(target=server.serve_forever, args=(_POLL,), daemon=True, name="reports").start()
        try:
            yield f"http://{_HOST}:{server.server_port}"
        finally:
            server.shutdown()


def report_of(root: Path, model: str) -> Path | None:
    """A model's report, if a run left one; None for a name that no model has, and for what leads out of the folder."""
    if _NAME.fullmatch(model) is None:
        return None
    report = ArtifactStore(root / model).report
    inside = report.is_file() and report.resolve().is_relative_to(root.resolve())
    return report if inside else None


class _ReportHandler(BaseHTTPRequestHandler):
    artifacts: Path
    port: int
    server_version, sys_version = "bloodTwin", ""
    timeout = 30.0
    """Seconds that a silent connection is kept."""

    def do_GET(self) -> None:
        self._answer(with_body=True)

    def do_HEAD(self) -> None:
        self._answer(with_body=False)

    def log_message(self, format: str, *args: object) -> None:
        """Requests are nobody's business; the terminal belongs to the UI."""

    def _answer(self, *, with_body: bool) -> None:
        status, body = self._found()
        self.send_response(status)
        for name, value in {**_HEADERS, "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        if with_body:
            self.wfile.write(body)

    def _found(self) -> tuple[HTTPStatus, bytes]:
        if not self._is_meant():
            return HTTPStatus.FORBIDDEN, _page("No reports here", "")
        path = self.path.partition("?")[0]
        if path == "/":
            return HTTPStatus.OK, self._list()
        asked = _REPORT.fullmatch(path)
        report = report_of(self.artifacts, asked["model"]) if asked else None
        if report is None:
            model = escape(asked["model"]) if asked and _NAME.fullmatch(asked["model"]) else ""
            said = f"<p>{model} has no report yet. Materialize evaluation_report.</p>" if model else ""
            return HTTPStatus.NOT_FOUND, self._list(said)
        try:
            return HTTPStatus.OK, report.read_bytes()
        except OSError as error:
            return HTTPStatus.NOT_FOUND, self._list(f"<p>The report cannot be read: {escape(str(error.strerror))}.</p>")

    def _is_meant(self) -> bool:
        """Whether the browser asked this machine by its own name; another name is another site's that points here."""
        host, _, port = (self.headers.get("Host") or "").rpartition(":")
        return host in (_HOST, "localhost") and port == str(self.port)

    def _list(self, said: str = "") -> bytes:
        found = [(path.parent.name, path) for path in self.artifacts.glob("*/report.html")]
        reports = sorted(((name, path.stat().st_mtime) for name, path in found if report_of(self.artifacts, name)),
                         key=lambda report: -report[1])  # fmt: skip
        lines = [
            f'<li><a href="/{escape(name)}/report.html">{escape(name)}</a> '
            f"<span>{datetime.fromtimestamp(written):%Y-%m-%d %H:%M}</span></li>"
            for name, written in reports
        ]
        listed = f"<ul>{''.join(lines)}</ul>" if lines else "<p>There is none yet.</p>"
        return _page("Reports", f"{said}{listed}")


def _page(title: str, body: str) -> bytes:
    return _PAGE.format(title=title, body=body).encode()
