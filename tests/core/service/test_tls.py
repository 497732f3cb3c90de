"""With a certificate the service speaks TLS, and nothing else."""

import shutil
import socket
import subprocess
from pathlib import Path

import pytest
import requests

from benchmarks.service.server import serving
from bloodtwin_core.cli.main import main

pytestmark = pytest.mark.end_to_end


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    """A certificate for 127.0.0.1 that signs itself, and its key."""
    openssl = shutil.which("openssl")
    if openssl is None:
        pytest.skip("openssl, which makes the certificate, is not installed")
    folder = tmp_path_factory.mktemp("tls")
    made, key = folder / "cert.pem", folder / "key.pem"
    new = ("req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days", "2")
    named = ("-subj", "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-out", made, "-keyout", key)
    subprocess.run([openssl, *new, *named], check=True, capture_output=True)
    return made, key


def test_readings_go_over_tls_alone(tmp_path: Path, certificate: tuple[Path, Path]) -> None:
    made, key = certificate
    tls = ("--certfile", str(made), "--keyfile", str(key))
    with serving("--store", str(tmp_path), "--wearer", "anna", *tls, trusted=made) as service:
        assert service.url.startswith("https://")
        with requests.get(f"{service.url}/v1/wearers/anna/forecast", verify=str(made), timeout=10) as answer:
            assert answer.json()["refusals"][0]["reason"] == "no_reading"
        with pytest.raises(requests.exceptions.SSLError):
            requests.get(f"{service.url}/healthz", timeout=10)
        with socket.create_connection(("127.0.0.1", service.port), timeout=10) as plain:
            plain.sendall(b"GET /healthz HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n")
            assert b"HTTP/1.1 200" not in plain.recv(1000)


def test_the_cookie_of_the_page_goes_over_tls_alone(
    tmp_path: Path, certificate: tuple[Path, Path], capsys: pytest.CaptureFixture[str]
) -> None:
    made, key = certificate
    store = ("--store", str(tmp_path))
    assert main(["wearers", "add", "anna", *store]) == 0
    token = capsys.readouterr().out.split()[0]
    tls = ("--certfile", str(made), "--keyfile", str(key), "--set", "tokens_always=true")
    with serving(*store, *tls, trusted=made) as service:
        token_in = {"json": {"token": token}, "verify": str(made), "timeout": 10}
        with requests.post(f"{service.url}/v1/session", **token_in) as answer:
            assert answer.status_code == 204
            assert "Secure" in answer.headers["set-cookie"].split("; ")


@pytest.mark.parametrize(
    ("given", "said"),
    [
        (("--certfile", "cert.pem"), "a certificate needs its key"),
        (("--certfile", "cert.pem", "--keyfile", "key.pem"), "cert.pem is not there"),
    ],
)
def test_half_a_certificate_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], given: tuple[str, ...], said: str
) -> None:
    assert main(["serve", "--store", str(tmp_path), *given]) == 2
    assert said in capsys.readouterr().err.splitlines()[-1]
