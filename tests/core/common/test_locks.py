"""One owner a folder: others are refused in words or wait, and the lock of a killed process is nobody's."""

import os
import signal
import subprocess
import sys
import textwrap
import threading
import time
from pathlib import Path

import pytest

from bloodtwin_core.common.errors import FolderInUse, StorageError
from bloodtwin_core.common.locks import LOCK, Owner, holder_of

HOLDS = textwrap.dedent(
    """
    import sys, time
    from pathlib import Path
    from bloodtwin_core.common.locks import Owner
    with Owner(what="the other", run=sys.argv[2]).holding(Path(sys.argv[1])):
        print("held", flush=True)
        time.sleep(600)
    """
)


def another_process(folder: Path, run: str = "") -> subprocess.Popen[str]:
    """A process that holds the folder by now."""
    command = [sys.executable, "-c", HOLDS, str(folder), run]
    process = subprocess.Popen(command, cwd=Path(__file__).parents[3], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "held\n"
    return process


def test_the_second_is_told_who_holds_the_folder_since_when(tmp_path: Path) -> None:
    with another_process(tmp_path / "model") as process:
        holder = holder_of(tmp_path / "model")
        assert holder is not None
        said = (
            rf"model is in use by the other \(process {process.pid} on .*\), since {holder.since:%Y-%m-%d %H:%M:%S} UTC"
        )
        with pytest.raises(FolderInUse, match=said), Owner().holding(tmp_path / "model"):
            pass
        process.kill()


def test_the_lock_of_a_killed_process_is_nobodys(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with another_process(tmp_path) as process:
        process.send_signal(signal.SIGKILL)
    assert (tmp_path / LOCK).exists()
    with caplog.at_level("INFO", "bloodtwin_core"), Owner(what="the next").holding(tmp_path) as taken:
        assert taken
        assert "the other" in caplog.text
        assert "broken off by a kill" in caplog.text
        assert str(holder_of(tmp_path)).startswith("the next")
    assert not (tmp_path / LOCK).exists()


@pytest.mark.parametrize("owner", [Owner(waits=True), Owner(run="the same run")], ids=["asked to", "of the same run"])
def test_one_that_waits_gets_the_folder_once_it_is_free(tmp_path: Path, owner: Owner) -> None:
    with another_process(tmp_path, run="the same run") as process:
        threading.Timer(0.5, process.kill).start()
        began = time.monotonic()
        with owner.holding(tmp_path):
            assert time.monotonic() - began >= 0.4


STEP = textwrap.dedent(
    """
    import sys
    from pathlib import Path
    from bloodtwin_core.common.locks import Owner
    owner = Owner(what="run 7f", run="7f", keeps=True, steps_of=int(sys.argv[2]))
    with owner.holding(Path(sys.argv[1])):
        (Path(sys.argv[1]) / "file").touch()
    owner.release()
    """
)


@pytest.mark.skipif(sys.platform == "win32", reason="Windows is not asked which processes run")
def test_between_two_steps_that_are_processes_the_folder_is_the_runs(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as of_run:
        step = [sys.executable, "-c", STEP, str(tmp_path), str(of_run.pid)]
        subprocess.run(step, cwd=Path(__file__).parents[3], check=True)
        with pytest.raises(FolderInUse, match=r"in use by run 7f \(process"), Owner(run="b2").holding(tmp_path):
            pass
        with pytest.raises(FolderInUse, match="in use by run 7f"), Owner().holding(tmp_path):
            pass
        subprocess.run(step, cwd=Path(__file__).parents[3], check=True)
        threading.Timer(0.3, of_run.kill).start()
        began = time.monotonic()
        with caplog.at_level("INFO", "bloodtwin_core"), Owner(run="b2", waits=True).holding(tmp_path):
            assert time.monotonic() - began >= 0.2
            holder = holder_of(tmp_path)
            assert holder is not None
            assert holder.run == "b2"
    assert "broken off" not in caplog.text
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows is not asked which processes run")
def test_a_step_that_was_killed_leaves_the_folder_to_its_run_while_that_goes_on(tmp_path: Path) -> None:
    with subprocess.Popen([sys.executable, "-c", "input()"], stdin=subprocess.PIPE) as of_run:
        killed = STEP.replace("owner.release()", "").replace('"file").touch()', '"file").touch(); sys.exit(9)')
        killed = killed.replace("sys.exit(9)", "__import__('os')._exit(9)")
        subprocess.run([sys.executable, "-c", killed, str(tmp_path), str(of_run.pid)], cwd=Path(__file__).parents[3])
        with pytest.raises(FolderInUse, match="in use by run 7f"), Owner().holding(tmp_path):
            pass
        with Owner(run="7f").holding(tmp_path) as taken:
            assert taken
        of_run.kill()


def test_a_process_that_starts_steps_may_start_another_run_after_the_first(tmp_path: Path) -> None:
    first = Owner(run="7f", keeps=True, steps_of=os.getpid())
    with first.holding(tmp_path):
        pass
    first.release()
    with Owner(run="b2", steps_of=os.getpid()).holding(tmp_path):
        pass


def test_two_owners_in_one_process_are_two(tmp_path: Path) -> None:
    with Owner().holding(tmp_path), pytest.raises(FolderInUse), Owner().holding(tmp_path):
        pass


def test_one_owner_may_hold_a_folder_within_itself(tmp_path: Path) -> None:
    owner = Owner()
    with owner.holding(tmp_path) as outer, owner.holding(tmp_path) as inner:
        assert (outer, inner) == (True, False)
    with Owner().holding(tmp_path):
        pass


def test_one_that_keeps_lets_go_on_release_alone(tmp_path: Path) -> None:
    owner = Owner(keeps=True)
    with owner.holding(tmp_path):
        pass
    with pytest.raises(FolderInUse), Owner().holding(tmp_path):
        pass
    owner.release()
    with Owner().holding(tmp_path):
        pass


def test_a_folder_that_was_made_for_the_lock_alone_goes_with_it(tmp_path: Path) -> None:
    with Owner().holding(tmp_path / "artifacts" / "model"):
        pass
    assert list(tmp_path.iterdir()) == []
    with Owner().holding(tmp_path / "artifacts" / "model"):
        (tmp_path / "artifacts" / "model" / "file").touch()
    assert (tmp_path / "artifacts" / "model" / "file").exists()


def test_a_folder_removed_underneath_is_noticed(tmp_path: Path) -> None:
    owner, folder = Owner(what="a run"), tmp_path / "model"
    with owner.holding(folder):
        (folder / LOCK).unlink()
        with pytest.raises(FolderInUse, match="removed or replaced while a run was at work"), owner.holding(folder):
            pass


def test_a_torn_lock_file_does_no_harm(tmp_path: Path) -> None:
    (tmp_path / LOCK).write_text('{"what": "ha')
    assert holder_of(tmp_path) is None
    with Owner().holding(tmp_path):
        assert holder_of(tmp_path) is not None


def test_of_many_at_once_each_gets_its_turn_alone(tmp_path: Path) -> None:
    inside, most = [0], [0]

    def work() -> None:
        with Owner(waits=True).holding(tmp_path / "new"):
            inside[0] += 1
            most[0] = max(most[0], inside[0])
            time.sleep(0.01)
            inside[0] -= 1

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (inside, most) == ([0], [1])
    assert list(tmp_path.iterdir()) == []


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not stop this user")
def test_a_folder_that_cannot_be_written_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    try:
        with pytest.raises(StorageError, match="writable"), Owner().holding(tmp_path):
            pass
    finally:
        tmp_path.chmod(0o700)
