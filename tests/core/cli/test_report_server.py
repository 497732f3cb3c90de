"""The reports are served to this machine alone, and nothing else is: no other file, no other site, no writing."""

import http.client
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

import pytest

from bloodtwin_core.cli.report_server import report_server

SECRET = "a secret"


@pytest.fixture
def root(tmp_path: Path) -> Path:
    """Artifacts of two models, one of them tested, and a secret beside and below them."""
    artifacts = tmp_path / "artifacts"
    (artifacts / "anna").mkdir(parents=True)
    (artifacts / "anna" / "report.html").write_text("<p>how far to trust anna</p>")
    (artifacts / "anna" / "test_results.yaml").write_text(SECRET)
    (artifacts / "untested").mkdir()
    (tmp_path / "report.html").write_text(SECRET)
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "elsewhere" / "report.html").write_text(SECRET)
    (artifacts / "linked").symlink_to(tmp_path / "elsewhere")
    (artifacts / "linked_file").mkdir()
    (artifacts / "linked_file" / "report.html").symlink_to(tmp_path / "report.html")
    return artifacts


@pytest.fixture
def address(root: Path) -> Iterator[str]:
    with report_server(root) as served:
        yield served


def asked(address: str, path: str, method: str = "GET", host: str = "") -> tuple[http.client.HTTPResponse, str]:
    """The answer to a path that is sent as it is."""
    connection = http.client.HTTPConnection(urlsplit(address).netloc, timeout=10)
    connection.putrequest(method, path, skip_host=True)
    connection.putheader("Host", host or urlsplit(address).netloc)
    connection.endheaders()
    response = connection.getresponse()
    body = response.read().decode()
    connection.close()
    return response, body


def test_a_report_is_served_as_it_lies_there(address: str) -> None:
    response, body = asked(address, "/anna/report.html")
    assert (response.status, body) == (200, "<p>how far to trust anna</p>")
    assert response.headers["Content-Type"] == "text/html; charset=utf-8"


def test_it_listens_to_this_machine_alone(address: str) -> None:
    assert urlsplit(address).hostname == "127.0.0.1"


@pytest.mark.parametrize("path", ["/", "/anna/report.html", "/nobody/report.html"])
def test_no_page_runs_or_fetches_anything_or_can_be_framed(address: str, path: str) -> None:
    headers = asked(address, path)[0].headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src" not in policy
    assert "frame-ancestors 'none'" in policy
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "no-referrer"
    assert headers["Cache-Control"] == "no-store"
    assert "Python" not in headers["Server"]


def test_the_list_names_the_reports_that_are_there(address: str) -> None:
    _, body = asked(address, "/")
    assert 'href="/anna/report.html"' in body
    assert "untested" not in body
    assert "linked" not in body


def test_a_model_without_a_report_is_told_what_to_do(address: str) -> None:
    response, body = asked(address, "/untested/report.html")
    assert response.status == 404
    assert "untested has no report yet. Materialize evaluation_report." in body
    assert 'href="/anna/report.html"' in body


@pytest.mark.parametrize(
    "path",
    [
        "/../report.html",
        "/anna/../../report.html",
        "/%2e%2e/report.html",
        "/..%2freport.html",
        "/anna/test_results.yaml",
        "/anna/report.html/",
        "/anna/report.html%00",
        "/anna//report.html",
        "/./report.html",
        "/linked/report.html",
        "/linked_file/report.html",
        "/<script>/report.html",
        "/anna",
        "/report.html",
        "anna/report.html",
    ],
)
def test_nothing_else_is_served(address: str, path: str) -> None:
    response, body = asked(address, path)
    assert response.status == 404
    assert SECRET not in body
    assert "<script>" not in body


@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "127.0.0.1", "127.0.0.1:1", "[::1]:80"])
def test_a_name_of_another_site_that_points_here_is_refused(address: str, host: str) -> None:
    response, body = asked(address, "/anna/report.html", host=host)
    assert response.status == 403
    assert "anna" not in body


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "OPTIONS", "TRACE"])
def test_nothing_can_be_changed(address: str, method: str) -> None:
    assert asked(address, "/anna/report.html", method)[0].status == 501


def test_the_head_alone_can_be_asked_for(address: str) -> None:
    response, body = asked(address, "/anna/report.html", "HEAD")
    assert (response.status, body) == (200, "")


def test_two_servers_stand_side_by_side_and_end_with_their_blocks(root: Path) -> None:
    with report_server(root) as one, report_server(root) as other:
        assert one != other
        assert asked(one, "/")[0].status == asked(other, "/")[0].status == 200
    with pytest.raises(OSError, match="refused"):
        asked(one, "/")
