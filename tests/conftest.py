"""What all tests share."""

import os
import shutil
import signal
from pathlib import Path

import dagster as dg
import pytest
from hypothesis import settings

from tests.assets.tiny_graph import Graph

# How long an example takes says something of the machine's other work; speed is measured by benchmarks.
# The same examples each time, so that a change passes or fails by what it changes; `explore` looks for new ones.
settings.register_profile("bloodtwin", deadline=None, derandomize=True)
settings.register_profile("explore", deadline=None)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "bloodtwin"))


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
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[Graph, dg.ExecuteInProcessResult]:
    """A graph that has run from records to exports: to be read, not changed."""
    graph = Graph(tmp_path_factory.mktemp("finished") / "artifacts")
    return graph, graph.run()


@pytest.fixture
def copied(finished: tuple[Graph, dg.ExecuteInProcessResult], tmp_path: Path) -> Graph:
    """A copy of the finished graph, to be changed at will."""
    shutil.copytree(finished[0].root, tmp_path / "artifacts")
    return Graph(tmp_path / "artifacts")
