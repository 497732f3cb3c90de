"""Dagster's own storage in PostgreSQL, as deploy/k8s has it: a run of the graph leaves its events there."""

import os
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.end_to_end.conftest import SMOKE, Workplace

pytest.importorskip("dagster_postgres", reason="dagster-postgres is not installed: pip install bloodtwin[kubernetes]")
psycopg2 = pytest.importorskip("psycopg2")
pytestmark = pytest.mark.end_to_end

STORAGE = """
storage:
  postgres:
    postgres_url: {url}
telemetry: {{enabled: false}}
"""


def as_postgres(folder: Path) -> list[str]:
    """The words before a command of PostgreSQL, which refuses to run as root."""
    if os.getuid() != 0:
        return []
    if shutil.which("runuser") is None or subprocess.run(["id", "postgres"], capture_output=True).returncode:
        pytest.skip("PostgreSQL does not run as root, and there is no user postgres")
    shutil.chown(folder, "postgres")
    return ["runuser", "-u", "postgres", "--"]


@pytest.fixture
def url() -> Iterator[str]:
    """A server of PostgreSQL on this machine, for one test."""
    if shutil.which("initdb") is None or shutil.which("pg_ctl") is None:
        pytest.skip("PostgreSQL is not installed")
    # Not pytest's folders, which are the user's alone: the server may have to run as somebody else.
    with tempfile.TemporaryDirectory(prefix="bloodtwin-postgresql-") as named:
        yield from served(Path(named))


def served(folder: Path) -> Iterator[str]:
    folder.chmod(0o755)
    before = as_postgres(folder)
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    data = str(folder / "data")
    made = ["initdb", "-D", data, "-U", "bloodtwin", "-A", "trust", "-E", "UTF8", "--no-sync"]
    subprocess.run([*before, *made], check=True, capture_output=True, cwd=folder)
    options = f"-p {port} -c listen_addresses=127.0.0.1 -c fsync=off -k {folder}"
    log = str(folder / "log")
    subprocess.run([*before, "pg_ctl", "-D", data, "-w", "-l", log, "-o", options, "start"], check=True, cwd=folder)
    yield f"postgresql+psycopg2://bloodtwin@127.0.0.1:{port}/postgres"
    subprocess.run([*before, "pg_ctl", "-D", data, "-m", "immediate", "stop"], check=True, cwd=folder)


def test_a_run_leaves_its_events_in_postgresql(url: str, tmp_path: Path) -> None:
    workplace, home = Workplace(tmp_path), tmp_path / "home"
    home.mkdir()
    (home / "dagster.yaml").write_text(STORAGE.format(url=url))
    command = ["-m", "bloodtwin_core.cli", "run", "--config", str(SMOKE), "--select", "raw_pump_splits,fitted_scaler"]
    done = workplace.run(*command, DAGSTER_HOME=str(home))
    assert done.returncode == 0, done.stdout
    with psycopg2.connect(url.replace("+psycopg2", "")) as connection, connection.cursor() as cursor:
        cursor.execute("select status, count(*) from runs group by status")
        assert cursor.fetchall() == [("SUCCESS", 1)]
        made = "dagster_event_type = 'ASSET_MATERIALIZATION'"
        cursor.execute(f"select count(distinct asset_key) from event_logs where {made}")
        assert cursor.fetchone() == (2,)
    assert not (home / "history").exists(), "nothing in files beside it"
