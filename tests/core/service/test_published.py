"""The service follows the published version of a model, forwards and back, and drops no request meanwhile."""

import shutil
import threading
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path

import pytest
import requests

from bloodtwin_core.pretrained.files import ONNX, shipped_file
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.service import caretaker
from tests.core.publishing.made import version
from tests.core.service.browsing import served
from tests.core.service.days import NOON, readings

onnx = pytest.importorskip("onnx", reason="onnx, which makes a second model of the first, is in the extra graph")
SAID_BY = datetime(2026, 3, 2, tzinfo=UTC)


def publish(store: PublishedStore, folder: Path, name: str) -> str:
    """The base model under another name, put in use; its sha256."""
    model = onnx.load(shipped_file(ONNX))
    model.metadata_props.add(key="note", value=name)
    path = folder / f"{name}.onnx"
    onnx.save(model, path)
    manifest = version(name, {ONNX: path})
    store.add(manifest, {ONNX: path})
    store.switch(name, "tried", SAID_BY)
    return manifest.files[ONNX]


def until(is_so: Callable[[], bool]) -> bool:
    deadline = time.monotonic() + 15
    while not is_so() and time.monotonic() < deadline:
        time.sleep(0.1)
    return is_so()


def test_a_published_version_is_followed_without_a_dropped_request(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(caretaker, "MODEL_EVERY_SECONDS", 0.2)
    store, ended, answers = PublishedStore(tmp_path / "published"), threading.Event(), list[int]()
    shas = [publish(store, tmp_path, "0001-aaaaaaaa")]
    settings = {"model_path": str(store.folder), "most_requests_a_minute": 1_000_000}
    with served(tmp_path / "live", lambda: float(NOON), **settings) as live:
        live.service.store.wearers.put("anna", "Europe/Berlin")
        live.post("anna", readings=readings())

        def ask() -> None:
            with requests.Session() as session:
                while not ended.is_set():
                    answer = session.get(f"{live.url}/v1/wearers/anna/forecast", timeout=10)
                    answers.append(answer.status_code if answer.json()["forecast"] else 0)

        def model() -> str:
            return str(requests.get(f"{live.url}/v1/model", timeout=10).json()["sha256"])

        askers = [threading.Thread(target=ask) for _ in range(2)]
        for asker in askers:
            asker.start()
        try:
            assert model() == shas[0]
            shas.append(publish(store, tmp_path, "0002-bbbbbbbb"))
            assert until(lambda: model() == shas[1])
            store.roll_back(SAID_BY)
            assert until(lambda: model() == shas[0])
            shutil.rmtree(store.place("0002-bbbbbbbb"))
            (store.folder / "published.json").write_text("{")
            assert until(lambda: bool(live.service.model.trouble))
            assert model() == shas[0]
        finally:
            ended.set()
            for asker in askers:
                asker.join()
    assert set(answers) == {200}
    assert len(answers) > 50
