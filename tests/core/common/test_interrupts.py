"""An interrupt that a callback of the garbage collector swallows comes again; one on its way out is left alone."""

import os
import signal
import sys
import threading
import time
import weakref
from pathlib import Path
from threading import Thread

import pytest

from bloodtwin_core.common.interrupts import LOOK_SECONDS, lasting_interrupts
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.ownership import owning

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="Windows sends no such signals")


class Cancelled(BaseException):
    """What an orchestrator raises."""


@pytest.fixture(autouse=True)
def handler(monkeypatch: pytest.MonkeyPatch) -> "object":
    """A handler as Dagster's, and nobody who keeps what is ignored."""

    def cancel(_signal: int, _frame: object) -> None:
        raise Cancelled

    monkeypatch.setattr(sys, "unraisablehook", lambda _: None)
    before = signal.signal(signal.SIGINT, cancel)
    yield cancel
    signal.signal(signal.SIGINT, before)


class Target:
    """Something that can be referred to weakly."""


def interrupted_where_it_is_lost() -> None:
    """The interrupt comes while a weak reference's callback runs."""

    def gone(_: object) -> None:
        os.kill(os.getpid(), signal.SIGINT)
        time.sleep(0.001)

    target = Target()
    reference = weakref.ref(target, gone)
    del target
    assert reference() is None


@lasting_interrupts()
def swallow_and_work() -> None:
    interrupted_where_it_is_lost()
    work()


def work(seconds: float = 60.0) -> None:
    """Go on, unless interrupted."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        time.sleep(0.005)


def test_one_that_was_swallowed_comes_again() -> None:
    with pytest.raises(Cancelled):
        swallow_and_work()


def test_so_does_one_of_a_terminal() -> None:
    signal.signal(signal.SIGINT, signal.default_int_handler)
    with pytest.raises(KeyboardInterrupt):
        swallow_and_work()


def test_an_exit_keeps_its_code() -> None:
    def leave(_signal: int, _frame: object) -> None:
        raise SystemExit(143)

    signal.signal(signal.SIGINT, leave)
    with pytest.raises(SystemExit) as left:
        swallow_and_work()
    assert left.value.code == 143


def test_without_it_the_work_would_go_on() -> None:
    interrupted_where_it_is_lost()
    work(2 * LOOK_SECONDS)


def test_so_does_one_of_a_stage(tmp_path: Path) -> None:
    @owning
    def stage(_store: ArtifactStore) -> None:
        interrupted_where_it_is_lost()
        work()

    with pytest.raises(Cancelled):
        stage(ArtifactStore(tmp_path))


def test_clearing_up_is_not_disturbed(handler: object) -> None:
    cleared: list[bool] = []

    @lasting_interrupts()
    @lasting_interrupts()
    def interrupted() -> None:
        try:
            os.kill(os.getpid(), signal.SIGINT)
            work()
        finally:
            work(3 * LOOK_SECONDS)
            cleared.append(True)

    with pytest.raises(Cancelled):
        interrupted()
    assert cleared
    work(2 * LOOK_SECONDS)
    assert signal.getsignal(signal.SIGINT) is handler


def test_nobody_sends_anything_after_the_block() -> None:
    with lasting_interrupts():
        assert "lasting-interrupts" in {thread.name for thread in threading.enumerate()}
    assert "lasting-interrupts" not in {thread.name for thread in threading.enumerate()}


def test_another_thread_has_no_interrupts() -> None:
    found: list[object] = []

    def inside() -> None:
        with lasting_interrupts():
            found.append(signal.getsignal(signal.SIGINT))

    before = signal.getsignal(signal.SIGINT)
    thread = Thread(target=inside)
    thread.start()
    thread.join()
    assert found == [before]
