"""What all tests share."""

import gc
import os
import shutil
import signal
from collections.abc import Generator, Iterator
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import settings

from tests.assets.tiny_graph import Graph
from tests.once import made_once
from tests.shared_storage import Storage, emptied, storage

# How long an example takes says something of the machine's other work; speed is measured by benchmarks.
# The same examples each time, so that a change passes or fails by what it changes; `explore` looks for new ones.
settings.register_profile("bloodtwin", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "bloodtwin"))


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """While modules are imported there is little garbage, and looking for it takes a third of the time.

    Afterwards it is looked for again, but not among what was imported, which lives to the end.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Files that run real commands first: they take longest, and one of them at the end would keep one process alone.

    Of these first one that looks at the run of the whole graph, so that one process makes it, then what does without
    it, so that no other waits. By itself pytest-xdist begins with the files of most tests
    (--no-loadscope-reorder), which are the quick ones.
    """
    looking = [item for item in items if "smoke" in getattr(item, "fixturenames", ())]
    files = {item.path for item in looking}
    first = looking[0].path if looking else None

    def place(item: pytest.Item) -> tuple[bool, bool, bool]:
        return item.get_closest_marker("end_to_end") is None, item.path != first, item.path in files

    items.sort(key=place)


@pytest.fixture(scope="session", autouse=True)
def _interrupts_are_heard() -> None:
    """A shell starts its background jobs deaf to SIGINT, and every process they start inherits that."""
    if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
        signal.signal(signal.SIGINT, signal.default_int_handler)


@pytest.fixture
def graph(tmp_path: Path) -> Graph:
    """A graph that has not run yet."""
    return Graph(tmp_path / "artifacts")


@pytest.fixture(scope="session")
def shared_folder(tmp_path_factory: pytest.TempPathFactory, worker_id: str) -> Path:
    """A folder of all processes that share out the tests."""
    own = tmp_path_factory.getbasetemp()
    return own if worker_id == "master" else own.parent


@pytest.fixture(scope="session")
def finished(shared_folder: Path) -> tuple[Graph, dg.ExecuteInProcessResult]:
    """A graph that has run from records to exports: to be read, not changed."""
    graph = Graph(shared_folder / "finished" / "artifacts")

    def run() -> str:
        result = graph.run()
        return dg.serialize_value((result.dagster_run, result.all_events))

    ran, events = dg.deserialize_value(made_once(shared_folder / "finished.json", run))
    return graph, dg.ExecuteInProcessResult(events, ran, output_capture=None, job_def=graph.job())


@pytest.fixture
def copied(finished: tuple[Graph, dg.ExecuteInProcessResult], tmp_path: Path) -> Graph:
    """A copy of the finished graph, to be changed at will."""
    shutil.copytree(finished[0].root, tmp_path / "artifacts")
    return Graph(tmp_path / "artifacts")


@pytest.fixture(scope="session")
def s3_server() -> Iterator[Storage]:
    """A server that speaks S3, for all tests together."""
    pytest.importorskip("moto", reason="moto, which speaks S3, is not installed")
    with storage() as server:
        yield server


@pytest.fixture
def s3(s3_server: Storage, monkeypatch: pytest.MonkeyPatch) -> Storage:
    """The server with an empty bucket, and credentials for it in the environment; what is lost is not asked again."""
    import boto3

    from bloodtwin_core.common.shared import bucket

    given = {"AWS_ENDPOINT_URL": s3_server.address, "AWS_ACCESS_KEY_ID": "key", "AWS_SECRET_ACCESS_KEY": "pass"}
    for name, value in {**given, "AWS_EC2_METADATA_DISABLED": "true", "AWS_CONFIG_FILE": os.devnull}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", os.devnull)
    boto3.setup_default_session()
    monkeypatch.setattr("bloodtwin_core.common.shared.bucket.ATTEMPTS", 1)
    if s3_server.client is None:  # One takes a tenth of a second.
        s3_server.client = bucket._client()
    monkeypatch.setattr("bloodtwin_core.common.shared.bucket._client", lambda: s3_server.client)
    s3_server.find_again()
    s3_server.ahead = 0.0
    emptied(s3_server)
    return s3_server


@pytest.fixture
def soon_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    """Leases that are renewed every 0.05 s, for whoever is refused waits for that."""
    monkeypatch.setattr("bloodtwin_core.common.shared.lease._RENEWED_WITHIN", 2400)
    monkeypatch.setattr("bloodtwin_core.common.shared.lease._WAITING_SECONDS", 0.05)
