"""One machine at a time writes: others are told or wait, and one that lost its lease can change nothing."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from types import SimpleNamespace

import pytest

from bloodtwin_core.common.errors import ArtifactMissing, FolderInUse, SettingsError, StorageError
from bloodtwin_core.common.shared import lease as lease_module
from bloodtwin_core.common.shared.bucket import Address, Bucket
from bloodtwin_core.common.shared.bucket import _client as new_client
from bloodtwin_core.common.shared.head import HEAD, Head
from bloodtwin_core.common.shared.lease import Applicant, HeldLease, read_head, take
from tests.shared_storage import BUCKET, Storage

pytestmark = pytest.mark.usefixtures("s3")
ADDRESS = Address(BUCKET, "models/mine")


@contextmanager
def held(what: str, copy: str = "", run: str = "", seconds: float = 120.0) -> Iterator[HeldLease]:
    lease = take(Bucket(ADDRESS), Applicant(what, copy or what, run), seconds)
    try:
        yield lease
    finally:
        lease.let_go()


def head() -> Head:
    return read_head(Bucket(ADDRESS))[0]


def test_the_second_machine_is_told_who_holds_it_since_when(monkeypatch: pytest.MonkeyPatch) -> None:
    """Once the first has renewed it: a holder that died does not."""
    monkeypatch.setattr(lease_module, "time", SimpleNamespace(sleep=lambda _: first.renew()))
    with held("the first") as first:
        assert first.head.lease is not None
        said = (
            rf"s3://shared/models/mine is in use by the first \(on .*\), since {first.head.lease.since:%Y-%m-%d %H:%M}"
        )
        with pytest.raises(FolderInUse, match=said), held("the second"):
            pass
        first.switch("lists/1.json", "ab")
    with held("the second") as second:
        assert (second.head.version, second.head.listing) == (1, "lists/1.json")
    assert head().lease is None


def test_one_that_waits_gets_it_once_it_is_free(s3: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lease_module, "_WAITING_SECONDS", 0.05)
    began = time.monotonic()
    with held("the first", seconds=1.0) as first:
        first._done.set()
        s3.ahead = 0.5
        waiting = take(Bucket(ADDRESS), Applicant("the second", "other", waits=True))
        assert time.monotonic() - began > 0.4
        waiting.let_go()


def test_a_lease_that_nobody_renews_runs_out_and_its_holder_can_change_nothing(s3: Storage) -> None:
    with held("the sleeper") as sleeper:
        s3.ahead = 130.0
        with held("the second") as second:
            s3.ahead = 0.0
            second.switch("lists/second.json", "ab")
            for _ in range(2):
                with pytest.raises(
                    FolderInUse, match=r"was lost.* the second .* took it over. Nothing there was changed"
                ):
                    sleeper.switch("lists/sleeper.json", "cd")
            with pytest.raises(FolderInUse, match="was lost"):
                sleeper.require()
            assert (head().version, head().listing) == (1, "lists/second.json")
    assert head().version == 1


def test_a_lease_is_renewed_while_it_is_held() -> None:
    with held("the first", seconds=0.2):
        time.sleep(0.3)
        lease = head().lease
        assert lease is not None
        assert lease.renewals >= 2


def test_one_that_cannot_renew_goes_on_where_nobody_took_over(s3: Storage) -> None:
    with held("the first") as first:
        s3.lose(1)
        with pytest.raises(StorageError):
            first.renew()
        s3.find_again()
        first.switch("lists/1.json", "ab")
    assert head().version == 1


@pytest.mark.parametrize("late", [False, True], ids=["before it took effect", "after"])
def test_an_answer_that_is_lost_is_found_out(s3: Storage, late: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The library asks again and is told that the object is no more what it was: its own write made it so."""
    monkeypatch.setattr("bloodtwin_core.common.shared.bucket.ATTEMPTS", 3)
    monkeypatch.setattr("bloodtwin_core.common.shared.bucket._client", new_client)
    s3.lose(4, 4, late=late)
    with held("the first") as first:
        s3.lose(1, 1, late=late)
        first.switch("lists/1.json", "ab")
        s3.lose(1, 1, late=late)
        first.switch("lists/2.json", "ab")
        s3.lose(1, 1, late=late)
    assert (head().version, head().listing, head().lease) == (2, "lists/2.json", None)


@pytest.mark.parametrize("renews", [False, True])
def test_a_switch_that_nobody_answered_stands_whatever_the_holder_does_next(s3: Storage, renews: bool) -> None:
    with held("the first") as first:
        s3.lose(1, late=True)
        with pytest.raises(StorageError):
            first.switch("lists/1.json", "ab")
        s3.find_again()
        if renews:
            first.renew()
    assert (head().version, head().listing) == (1, "lists/1.json")


def test_after_a_switch_that_nobody_answered_the_holder_goes_on(s3: Storage) -> None:
    with held("the first") as first:
        s3.lose(1, late=True)
        with pytest.raises(StorageError):
            first.switch("lists/1.json", "ab")
        s3.find_again()
        first.switch("lists/again.json", "ab")
    assert (head().version, head().listing) == (2, "lists/again.json")


def left_between_steps() -> HeldLease:
    step = take(Bucket(ADDRESS), Applicant("a step", "pod 1", "run 7"))
    step.let_go(between_steps=True)
    return step


def test_the_next_step_of_a_run_takes_it_elsewhere_and_another_run_does_not_come_between(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    left_between_steps()
    following = []

    def the_next_step_comes(_: float) -> None:
        following.append(take(Bucket(ADDRESS), Applicant("the next step", "pod 2", "run 7")))

    monkeypatch.setattr(lease_module, "time", SimpleNamespace(sleep=the_next_step_comes))
    with pytest.raises(FolderInUse, match="the next step"), held("another", run="run 8"):
        pass
    assert len(following) == 1
    following[0].let_go(between_steps=True)
    left = head()
    assert left.lease is not None
    assert left.lease.is_between_steps


def left_by_a_machine_that_died() -> None:
    take(Bucket(ADDRESS), Applicant("a step", "pod 1", "run 7"))._done.set()


@pytest.mark.parametrize("leaves", [left_between_steps, left_by_a_machine_that_died])
def test_another_run_waits_for_one_that_may_go_on_or_died_and_begins_once_its_lease_runs_out(
    s3: Storage, leaves: Callable[[], object], monkeypatch: pytest.MonkeyPatch
) -> None:
    leaves()
    steps = iter((119.0, 2.0))

    def time_passes(_: float) -> None:
        s3.ahead += next(steps)

    monkeypatch.setattr(lease_module, "time", SimpleNamespace(sleep=time_passes))
    with held("another", run="run 8"):
        assert s3.ahead == 121.0


def test_a_renewal_that_comes_late_does_not_take_back_what_was_let_go_of() -> None:
    step = left_between_steps()
    left = head()
    step.renew()
    assert head() == left


def test_what_a_killed_process_of_the_same_copy_left_is_taken_over_at_once() -> None:
    with held("the killed", copy="mine"), held("the next", copy="mine") as following:
        following.switch("lists/1.json", "ab")
    assert head().version == 1


def test_a_storage_that_heeds_no_conditions_is_refused(s3: Storage, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3, "heeds_conditions", False)
    for _ in range(2):
        with pytest.raises(SettingsError, match="does not heed the condition If-Match"), held("anybody"):
            pass
    assert s3.names() == []


def test_a_head_that_is_none_is_told() -> None:
    Bucket(ADDRESS).replace(HEAD, b"{}{", None)
    with pytest.raises(ArtifactMissing, match=r"s3://shared/models/mine/head.json is damaged"), held("anybody"):
        pass
