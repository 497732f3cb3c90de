"""What is installed elsewhere holds every module, and the base model where there is one."""

import shutil
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

from bloodtwin_core.pretrained import files
from tests.end_to_end.conftest import REPOSITORY

PACKAGES = ("bloodtwin_core", "bloodtwin_assets")
BUILD = "import sys; import setuptools.build_meta as build; build.build_wheel('out'); build.build_sdist('out')"
MODEL = "bloodtwin_core/pretrained/model"


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> tuple[set[str], set[str]]:
    """Names of the files in the wheel and in the source archive, built in a copy that has every file of a model."""
    pytest.importorskip("setuptools", reason="setuptools builds the package")
    folder = tmp_path_factory.mktemp("source")
    for package in PACKAGES:
        shutil.copytree(REPOSITORY / package, folder / package, ignore=shutil.ignore_patterns("__pycache__"))
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copyfile(REPOSITORY / name, folder / name)
    for name in (*files.FILES, files.INDEX):
        path = folder / MODEL / name
        path.parent.mkdir(exist_ok=True)
        path.touch()
    (folder / "out").mkdir()
    done = subprocess.run([sys.executable, "-c", BUILD], cwd=folder, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    [wheel], [source] = (folder / "out").glob("*.whl"), (folder / "out").glob("*.tar.gz")
    with tarfile.open(source) as archive:
        in_source = {Path(name).relative_to(Path(name).parts[0]).as_posix() for name in archive.getnames()}
    return set(zipfile.ZipFile(wheel).namelist()), in_source


@pytest.mark.end_to_end
@pytest.mark.parametrize("archive", [0, 1], ids=["wheel", "source archive"])
def test_every_module_is_in_the_package(built: tuple[set[str], set[str]], archive: int) -> None:
    modules = {
        path.relative_to(REPOSITORY).as_posix() for package in PACKAGES for path in (REPOSITORY / package).rglob("*.py")
    }
    assert modules <= built[archive]


@pytest.mark.end_to_end
@pytest.mark.parametrize("archive", [0, 1], ids=["wheel", "source archive"])
def test_the_base_model_is_in_the_package(built: tuple[set[str], set[str]], archive: int) -> None:
    assert {f"{MODEL}/{name}" for name in (*files.FILES, files.INDEX)} <= built[archive]


@pytest.mark.end_to_end
@pytest.mark.parametrize("archive", [0, 1], ids=["wheel", "source archive"])
def test_what_a_module_reads_beside_it_is_in_the_package(built: tuple[set[str], set[str]], archive: int) -> None:
    beside = {
        path.relative_to(REPOSITORY).as_posix()
        for package in PACKAGES
        for path in (REPOSITORY / package).rglob("*")
        if path.suffix in {".css", ".html", ".jinja", ".yaml", ".json"} and MODEL not in path.as_posix()
    }
    assert beside <= built[archive]
