"""What one machine leaves another finds; whatever breaks off on the way, there is the old version or the new one."""

import errno
import os
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import ArtifactMissing, FolderInUse, SettingsError, StorageError
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.common.locks import Owner
from bloodtwin_core.common.shared.bucket import NO_ADDRESS, Address, Bucket, Overtaken
from bloodtwin_core.common.shared.bucket import _client as new_client
from bloodtwin_core.common.shared.copy import SHARED, join
from bloodtwin_core.common.shared.head import HEAD, Head, Listing
from bloodtwin_core.common.shared.lease import read_head
from tests.shared_storage import BUCKET, Storage, emptied

pytestmark = pytest.mark.usefixtures("s3")
ADDRESS = Address(BUCKET, "models/mine")
WEEK_AND_DAY = 8 * 86400.0
Files = dict[str, str]


@dataclass(frozen=True)
class Machine:
    """A machine with its copy."""

    folder: Path
    reads: bool = False
    run: str = ""

    @contextmanager
    def at_work(self) -> Iterator["Machine"]:
        join(self.folder, ADDRESS)
        elsewhere = bool(self.run)
        with Owner(self.folder.name, self.run, elsewhere=elsewhere, only_fetches=self.reads).holding(self.folder):
            yield self

    def leave(self, files: Files) -> None:
        """Have these files in the folder, and no others."""
        for path in set(self.files()) - set(files):
            (self.folder / path).unlink()
        for path, text in files.items():
            (self.folder / path).parent.mkdir(exist_ok=True)
            (self.folder / path).write_text(text)

    def files(self) -> Files:
        there = [path for path in self.folder.rglob("*") if path.is_file() and not path.name.startswith(".")]
        return {path.relative_to(self.folder).as_posix(): path.read_text() for path in there}


@pytest.fixture
def one(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "one")


@pytest.fixture
def other(tmp_path: Path) -> Machine:
    return Machine(tmp_path / "other")


def shared_by(machine: Machine, files: Files) -> Files:
    with machine.at_work():
        machine.leave(files)
    return files


def now_shared(tmp_path: Path) -> Files:
    """What a new machine, which only reads, gets."""
    reader = Machine(tmp_path / "reader", reads=True)
    with reader.at_work():
        return reader.files()


def unsent(machine: Machine) -> list[Files]:
    """What was set aside of a machine's copy, each time."""
    places = machine.folder.with_name(f".{machine.folder.name}.unsent")
    return [Machine(place).files() for place in sorted(places.iterdir())] if places.exists() else []


def displaced(machine: Machine, left: Files, by: Machine) -> None:
    """A step of a machine leaves files and fails, and another machine's version takes their place."""
    with suppress(RuntimeError), machine.at_work():
        machine.leave(left)
        raise RuntimeError
    shared_by(by, {"a": f"in place of {left['a']}"})
    with machine.at_work():
        pass


def lose_head(s3: Storage) -> None:
    s3.client.delete_object(Bucket=BUCKET, Key=f"{ADDRESS.prefix}/{HEAD}")


def version() -> int:
    return read_head(Bucket(ADDRESS))[0].version


def test_what_one_machine_leaves_the_other_finds(one: Machine, other: Machine) -> None:
    first = shared_by(one, {"manifest.json": "1", "windows/a": "2", "windows/b": "3", "checkpoints/c": "4"})
    (one.folder / ".hidden").touch()
    with other.at_work():
        assert other.files() == first
        other.leave({**first, "windows/a": "new", "manifest.json": "5"})
        (other.folder / "checkpoints" / "c").unlink()
    with one.at_work():
        assert one.files() == {"manifest.json": "5", "windows/a": "new", "windows/b": "3"}
        assert not (one.folder / "checkpoints").exists()
    assert not (other.folder / ".hidden").exists()
    assert (one.folder / "windows" / "a").stat().st_mode & 0o077 == 0


def test_only_what_differs_travels(s3: Storage, one: Machine, other: Machine) -> None:
    shared_by(one, {"a": "same", "b": "same", "c": "other"})
    sent = [name for name in s3.names() if "/files/" in name]
    assert len(sent) == 2
    shared_by(other, {"a": "same", "b": "new", "c": "other"})
    assert len([name for name in s3.names() if "/files/" in name]) == 3
    kept = (one.folder / "a").stat().st_ino
    with one.at_work():
        assert one.files()["b"] == "new"
        assert (one.folder / "a").stat().st_ino == kept
    assert version() == 2


def test_a_step_that_fails_shares_nothing_until_it_is_done(one: Machine, tmp_path: Path) -> None:
    before = shared_by(one, {"a": "1"})
    with suppress(RuntimeError), one.at_work():
        one.leave({"a": "half"})
        raise RuntimeError
    with Owner("a run that begins").holding(one.folder, sends=False):
        assert one.files() == {"a": "half"}
    assert now_shared(tmp_path) == before
    with one.at_work():
        one.leave({"a": "whole"})
    assert now_shared(tmp_path) == {"a": "whole"}


@pytest.mark.usefixtures("soon_renewed")
def test_a_duplicate_of_the_folder_is_another_copy(one: Machine, other: Machine) -> None:
    shared_by(one, {"a": "1"})
    shutil.copytree(one.folder, other.folder)
    with one.at_work(), pytest.raises(FolderInUse, match="is in use by one"), other.at_work():
        pass


def test_one_that_was_overtaken_fails_and_loses_nothing(
    s3: Storage, one: Machine, other: Machine, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    shared_by(one, {"a": "1", "b": "1"})
    theirs = {"a": "of other", "b": "1"}

    def sleeping() -> None:
        with one.at_work():
            one.leave({"a": "of one", "b": "1", "new": "of one"})
            s3.ahead = 130.0
            shared_by(other, theirs)

    with pytest.raises(FolderInUse, match=r"lease of s3://shared/models/mine was lost.* other \(on"):
        sleeping()
    assert one.files() == {"a": "of one", "b": "1", "new": "of one"}
    assert now_shared(tmp_path) == theirs
    with one.at_work():
        assert one.files() == theirs
    assert unsent(one) == [{"a": "of one", "new": "of one"}]
    assert "which is kept in" in caplog.text


@pytest.mark.parametrize("late", [False, True], ids=["before it took effect", "after"])
def test_a_connection_lost_at_any_request_leaves_the_old_version_or_the_new_one(
    s3: Storage, late: bool, one: Machine, tmp_path: Path
) -> None:
    old = shared_by(one, {"a": "0", "same": "0", "gone 0": "0", "deep/a": "0"})
    request, is_lost = 0, True
    while is_lost:
        request += 1
        new = {"a": str(request), "same": "0", f"gone {request}": "0", "deep/a": f"deep {request}"}
        asked = s3.asked
        s3.lose(request, late=late)
        with suppress(StorageError), one.at_work():
            one.leave(new)
        is_lost = s3.asked >= asked + request
        s3.find_again()
        assert now_shared(tmp_path) in (old, new)
        shared_by(one, new)
        assert now_shared(tmp_path) == new
        old = new
    assert request > 8
    s3.ahead = WEEK_AND_DAY
    last = shared_by(one, {**old, "a": "last"})
    assert len(s3.names()) == len({HEAD, "list", *last.values()})


def test_a_single_answer_that_is_lost_is_asked_for_again(
    s3: Storage, one: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Writes on condition among them, which are then refused: their own first try made the object another."""
    monkeypatch.setattr("bloodtwin_core.common.shared.bucket.ATTEMPTS", 3)
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=lambda _: None))
    client = new_client()
    monkeypatch.setattr("bloodtwin_core.common.shared.bucket._client", lambda: client)
    for request in range(1, 13):
        s3.lose(request, request, late=True)
        new = shared_by(one, {"a": str(request)})
        s3.find_again()
        assert now_shared(tmp_path) == new
        assert version() == request


def test_a_connection_lost_while_it_is_fetched_leaves_the_folder_as_it_was(
    s3: Storage, one: Machine, other: Machine
) -> None:
    old, request, is_lost = shared_by(one, {"a": "0", "b": "0"}), 0, True
    with other.at_work():
        pass
    while is_lost:
        request += 1
        new = shared_by(one, {"a": str(request), "deep/b": f"b {request}"})
        asked = s3.asked
        s3.lose(request)
        with suppress(StorageError), other.at_work():
            pass
        is_lost = s3.asked >= asked + request
        s3.find_again()
        assert other.files() in (old, new)
        with other.at_work():
            assert other.files() == new
        old = new
    assert request > 6
    assert not list(other.folder.glob(".incoming*"))


TURNS = st.lists(
    st.tuples(
        st.sampled_from(["one", "two"]),
        st.dictionaries(st.sampled_from("abc"), st.sampled_from("12x"), min_size=1),
        st.booleans(),
    ),
    min_size=3,
    max_size=6,
)


@settings(max_examples=8, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(TURNS)
def test_machines_that_take_turns_agree(
    s3: Storage, tmp_path_factory: pytest.TempPathFactory, turns: list[tuple[str, Files, bool]]
) -> None:
    """A turn replaces files, and fails or not; what a failed one left stays unless another's good one came after."""
    emptied(s3)
    folder = tmp_path_factory.mktemp("machines")
    shared, at = {}, 0
    local: dict[str, Files] = {"one": {}, "two": {}}
    known = {"one": 0, "two": 0}
    for name, files, fails in turns:
        machine = Machine(folder / name)
        if known[name] != at:
            local[name], known[name] = shared, at
        with suppress(RuntimeError), machine.at_work():
            assert machine.files() == local[name]
            machine.leave(files)
            local[name] = files
            if fails:
                raise RuntimeError
        if not fails and files != shared:
            shared, at = files, at + 1
            known[name] = at
        assert version() == at


@pytest.mark.usefixtures("soon_renewed")
def test_the_steps_of_a_run_follow_each_other_on_several_machines(one: Machine, other: Machine) -> None:
    first, second = Machine(one.folder, run="7"), Machine(other.folder, run="7")
    shared_by(first, {"a": "1"})
    with second.at_work():
        assert second.files() == {"a": "1"}
        with pytest.raises(FolderInUse, match="is in use by other"), Machine(one.folder, run="8").at_work():
            pass


def test_a_folder_within_that_is_a_copy_itself_is_shared_apart(one: Machine, other: Machine) -> None:
    join(one.folder, ADDRESS, apart=("published",))
    join(one.folder / "published", ADDRESS / "published")
    shared_by(one, {"a": "1", "published/b": "2"})
    with other.at_work():
        assert other.files() == {"a": "1"}
    with one.at_work(), Owner("rolling back").holding(one.folder / "published"):
        pass
    inner = Machine(other.folder / "published")
    join(inner.folder, ADDRESS / "published")
    with Owner("another").holding(inner.folder):
        assert inner.files() == {"b": "2"}


@pytest.mark.parametrize("reads", [False, True])
def test_a_copy_that_lost_everything_is_filled_again_and_nobody_loses_it(
    reads: bool, one: Machine, tmp_path: Path
) -> None:
    files = shared_by(one, {"a": "1", "deep/b": "2"})
    one.leave({})
    with Machine(one.folder, reads=reads).at_work():
        assert one.files() == files
    with pytest.raises(ArtifactMissing, match="one has lost every file"), one.at_work():
        one.leave({})
    assert now_shared(tmp_path) == files


def test_no_copy_takes_the_place_of_a_head_that_is_gone(s3: Storage, one: Machine, other: Machine) -> None:
    shared_by(one, {"a": "old", "one": "1"})
    files = shared_by(other, {"a": "new"})
    lose_head(s3)
    s3.ahead = WEEK_AND_DAY
    left = s3.names()
    newcomer = one.folder.with_name("newcomer")
    for folder, reads in product((one.folder, newcomer), (False, True)):
        with pytest.raises(ArtifactMissing, match=r"head\.json is gone"), Machine(folder, reads=reads).at_work():
            pass
    assert s3.names() == left

    emptied(s3)  # As the error says, for those who want to begin again.
    with pytest.raises(ArtifactMissing, match=r"head\.json is gone"), one.at_work():
        pass
    (other.folder / SHARED).unlink()
    for machine in (other, Machine(newcomer), one):
        with machine.at_work():
            assert machine.files() == files
    assert unsent(one) == [{"a": "old", "one": "1"}]


@pytest.mark.parametrize("goes_on", [False, True], ids=["at the older version", "another wrote since"])
def test_what_an_older_head_that_was_restored_does_not_have_is_kept(
    s3: Storage, goes_on: bool, one: Machine, other: Machine
) -> None:
    files = shared_by(other, {"a": "1", "same": "0"})
    older = s3.client.get_object(Bucket=BUCKET, Key=f"{ADDRESS.prefix}/{HEAD}")["Body"].read()
    later = shared_by(one, {"a": "2", "same": "0", "new": "2"})
    lose_head(s3)
    s3.client.put_object(Bucket=BUCKET, Key=f"{ADDRESS.prefix}/{HEAD}", Body=older)
    if goes_on:
        files = shared_by(other, {"a": "other 2", "same": "0"})
    with one.at_work():
        assert one.files() == files
    assert unsent(one) == [{path: later[path] for path in ("a", "new")}]


def test_what_another_version_displaces_is_kept_each_time(one: Machine, other: Machine) -> None:
    shared_by(one, {"a": "0"})
    for left in ({"a": "1"}, {"a": "2"}):
        displaced(one, left, by=other)
    assert unsent(one) == [{"a": "1"}, {"a": "2"}]


def test_a_training_in_progress_is_this_machines_and_stays(one: Machine, other: Machine, tmp_path: Path) -> None:
    shared_by(one, {"a": "0"})
    displaced(one, {"a": "1", "in_progress/last.ckpt": "epoch 7"}, by=other)
    assert one.files() == {"a": "in place of 1", "in_progress/last.ckpt": "epoch 7"}
    assert now_shared(tmp_path) == {"a": "in place of 1"}


@pytest.mark.parametrize("what", ["deep", "deep/b"])
def test_what_cannot_be_read_is_not_taken_for_lost(
    what: str, one: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A folder or file of another user, or a disk that fails."""

    def refusing(real: Any) -> Any:
        def read(path: Any, *given: Any) -> Any:
            if Path(path) == one.folder / what:
                raise PermissionError(errno.EACCES, "Permission denied", str(path))
            return real(path, *given)

        return read

    files = shared_by(one, {"a": "1", "deep/b": "2"})
    with monkeypatch.context() as patch:
        patch.setattr("os.scandir", refusing(os.scandir))
        patch.setattr("bloodtwin_core.common.hashes.sha256_of", refusing(sha256_of))
        with pytest.raises(StorageError, match=rf"one/{what}: cannot be written: Permission denied"), one.at_work():
            (one.folder / "a").write_text("3")
    assert now_shared(tmp_path) == files


@pytest.mark.parametrize("leads_to_a_folder", [False, True])
def test_a_link_is_refused_by_name(leads_to_a_folder: bool, one: Machine, tmp_path: Path) -> None:
    there = tmp_path / "there"
    there.mkdir() if leads_to_a_folder else there.touch()
    with pytest.raises(SettingsError, match="one/linked is a link"), one.at_work():
        (one.folder / "linked").symlink_to(there)


def test_what_cannot_be_tidied_up_fails_nothing_that_is_shared(
    s3: Storage, one: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def refused(*_: str) -> None:
        raise StorageError("refused")

    shared_by(one, {"a": "old"})
    s3.ahead = WEEK_AND_DAY
    with monkeypatch.context() as patch:
        patch.setattr(Bucket, "remove", refused)
        assert shared_by(one, {"a": "new"}) == now_shared(tmp_path)
    assert "Old versions were not removed" in caplog.text
    shared_by(one, {"a": "newer"})
    assert len(s3.names()) == len({HEAD, "list", "newer"})


def test_a_machine_that_lost_its_lease_clears_nothing_away(
    s3: Storage, one: Machine, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    """It slept for a week after it had switched, while another took over and went on from what it had left."""

    def listed(bucket: Bucket, folder: str) -> list[tuple[str, float]]:
        there = [(name, WEEK_AND_DAY) for name, _ in real(bucket, folder)]
        head = {"Bucket": BUCKET, "Key": f"{ADDRESS.prefix}/{HEAD}"}
        s3.client.put_object(**head, Body=Head(version=9, by="another").content)
        return there

    shared_by(one, {"a": "old"})
    before = set(s3.names())
    real = Bucket.listed
    monkeypatch.setattr(Bucket, "listed", listed)
    with suppress(FolderInUse):
        shared_by(one, {"a": "new"})
    assert before <= set(s3.names())
    assert "another took it over" in caplog.text


def test_a_list_whose_write_met_another_is_there(one: Machine, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The storage may refuse a write on condition that met another one (409), and have written nothing."""

    def replace(bucket: Bucket, name: str, content: bytes, tag: str | None) -> str:
        if name != HEAD:
            raise Overtaken
        return real(bucket, name, content, tag)

    real = Bucket.replace
    monkeypatch.setattr(Bucket, "replace", replace)
    files = shared_by(one, {"a": "1"})
    assert now_shared(tmp_path) == files


@pytest.mark.parametrize("part", ["/files/", "/lists/"])
def test_what_was_changed_in_the_bucket_is_told_and_the_copy_stays(
    s3: Storage, part: str, one: Machine, other: Machine
) -> None:
    old = shared_by(one, {"a": "1"})
    with other.at_work():
        pass
    shared_by(one, {"a": "2"})
    sent = {name: s3.client.get_object(Bucket=BUCKET, Key=name)["Body"].read() for name in s3.names() if part in name}

    def is_told() -> None:
        with pytest.raises(ArtifactMissing, match=f"mine{part}.* was changed or removed since"), other.at_work():
            pass
        assert other.files() == old

    for name in sent:
        s3.client.put_object(Bucket=BUCKET, Key=name, Body=b"something else")
    is_told()
    for name in sent:
        s3.client.delete_object(Bucket=BUCKET, Key=name)
    is_told()
    for name, content in sent.items():
        s3.client.put_object(Bucket=BUCKET, Key=name, Body=content)
    with other.at_work():
        assert other.files() == {"a": "2"}


@pytest.mark.parametrize("path", ["../outside", "/etc/passwd", "a/../../b", ".lock", "deep/.hidden", "", "a\\..\\b"])
def test_a_list_leads_nowhere_but_into_the_folder(path: str) -> None:
    with pytest.raises(ValueError, match="a path that no version has"):
        Listing.model_validate({"files": {path: {"sha256": "0" * 64, "stored": "files/1/0"}}})


def test_a_copy_is_of_one_address(one: Machine) -> None:
    join(one.folder, ADDRESS)
    with pytest.raises(SettingsError, match="one is a copy of s3://shared/models/mine, not of s3://shared/other"):
        join(one.folder, Address.of("s3://shared/other/"))
    (one.folder / SHARED).write_text("{")
    with pytest.raises(ArtifactMissing, match=r"\.shared\.json is damaged"):
        join(one.folder, ADDRESS)


@pytest.mark.parametrize(
    "text", ["s3://k:S3CRET@bucket/a", "s3://bucket/a?key=S3CRET", "S3CRET", "s3://b/..", "s3://bucket/a//b"]
)
def test_what_is_no_address_is_not_quoted(text: str) -> None:
    with pytest.raises(ValueError, match=f"^{NO_ADDRESS}$"):
        Address.of(text)


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({"AWS_ENDPOINT_URL": "http://user:S3CRET@127.0.0.1:9"}, "cannot be reached or used"),
        ({"AWS_ENDPOINT_URL": "user:S3CRET"}, "AWS_ENDPOINT_URL is no address"),
        (
            {"AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": ""},
            "credentials are missing or refused .NoCredentialsError",
        ),
        ({"AWS_SECRET_ACCESS_KEY": "S3CRET", "bucket": "none"}, "there is no such bucket"),
    ],
    ids=["a password in the address", "no address", "no credentials", "no bucket"],
)
def test_an_error_says_what_to_do_and_no_secret(
    changed: dict[str, str], said: str, one: Machine, monkeypatch: pytest.MonkeyPatch
) -> None:
    bucket = changed.pop("bucket", BUCKET)
    for name, value in changed.items():
        monkeypatch.setenv(name, value) if value else monkeypatch.delenv(name)
    import boto3

    boto3.setup_default_session()
    monkeypatch.setattr("bloodtwin_core.common.shared.bucket._client", new_client)
    join(one.folder, Address(bucket, "models"))
    with pytest.raises((StorageError, SettingsError), match=said) as raised, Owner().holding(one.folder):
        pass
    assert "S3CRET" not in str(raised.value)
    assert raised.value.__suppress_context__
