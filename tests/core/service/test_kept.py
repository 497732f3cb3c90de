"""What was answered with 200 is there after kill -9; slow senders are sent away; a new model is taken over."""

import shutil
import socket
import time
from contextlib import suppress
from pathlib import Path

import pytest
import requests

from benchmarks.service.server import free_port, serving
from tests.core.service.days import reading

pytestmark = pytest.mark.end_to_end


def now() -> int:
    return int(time.time())


def test_what_was_answered_survives_being_killed(tmp_path: Path) -> None:
    arguments = ("--store", str(tmp_path), "--wearer", "anna", "--zone", "Europe/Berlin")
    begun, answered = now() - 300 * 300, 0
    for _ in range(2):
        with serving(*arguments) as service, requests.Session() as session:
            for _ in range(40):
                body = {"readings": [reading(begun + 300 * answered, 100 + answered % 50)]}
                assert session.post(f"{service.url}/v1/wearers/anna/events", json=body, timeout=10).ok
                answered += 1
            service.kill()
    with serving(*arguments) as service:
        told = requests.get(f"{service.url}/v1/wearers/anna/history?hours=168", timeout=10).json()
        assert [row["glucose"] for row in told["readings"]] == [100 + place % 50 for place in range(answered)]


def test_slow_senders_are_sent_away(tmp_path: Path) -> None:
    port = free_port()
    arguments = ("--store", str(tmp_path), "--wearer", "anna", "--set", "slowest_body_seconds=0.5")
    with serving(*arguments, port=port):
        head = b"POST /v1/wearers/anna/events HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 50\r\n\r\n{"
        for sent, told in ((b"", b""), (b"GET / HTT", b""), (head, b"408")):
            with socket.create_connection(("127.0.0.1", port), timeout=10) as slow:
                slow.sendall(sent)
                begun = time.monotonic()
                answer = slow.recv(1000)
                assert time.monotonic() - begun < 5
                assert told in answer[:20]
        assert requests.get(f"http://127.0.0.1:{port}/healthz", timeout=5).ok


def test_a_body_of_100_mb_takes_no_memory(tmp_path: Path) -> None:
    part = b" " * 2**20
    with serving("--store", str(tmp_path), "--wearer", "anna") as service:
        before = service.memory()
        for head in ("Content-Length: 104857600", "Transfer-Encoding: chunked"):
            with socket.create_connection(("127.0.0.1", service.port), timeout=10) as large:
                large.sendall(f"POST /v1/wearers/anna/events HTTP/1.1\r\nHost: 127.0.0.1\r\n{head}\r\n\r\n".encode())
                with suppress(ConnectionError):
                    for _ in range(100):
                        large.sendall(b"%x\r\n%s\r\n" % (len(part), part) if "chunked" in head else part)
                with suppress(ConnectionResetError):
                    assert b" 413 " in large.recv(100)
        assert service.memory("VmHWM") - before < 30
        assert requests.get(f"{service.url}/healthz", timeout=5).ok


def test_a_new_model_is_taken_over_and_a_broken_one_is_not(tmp_path: Path) -> None:
    from bloodtwin_core.pretrained.files import ONNX, shipped_file

    model = tmp_path / "models" / ONNX
    model.parent.mkdir()
    shutil.copyfile(shipped_file(ONNX), model)
    with serving("--store", str(tmp_path / "store"), "--model", str(model.parent), "--wearer", "anna") as service:

        def told() -> dict[str, str]:
            answer = requests.get(f"{service.url}/v1/model", timeout=10)
            assert answer.ok
            return dict(answer.json())

        first = told()
        model.write_bytes(model.read_bytes()[:1000])
        deadline = time.monotonic() + 15
        while not told()["trouble"] and time.monotonic() < deadline:
            time.sleep(0.2)
        broken = told()
        assert (bool(broken["trouble"]), broken["sha256"]) == (True, first["sha256"])
        shutil.copyfile(shipped_file(ONNX), model)
        while told()["trouble"] and time.monotonic() < deadline:
            time.sleep(0.2)
        assert told()["loaded"] > first["loaded"]
