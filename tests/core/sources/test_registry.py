"""Sources are found, not listed: each says everything of itself, and other packages can bring one."""

import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import bloodtwin_core.sources as package
from bloodtwin_core.cli.main import main
from bloodtwin_core.cli.settings import data_settings as data_of_command
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings, Settings
from bloodtwin_core.records.split_files import read_split_file
from bloodtwin_core.release.notices import notice_text
from bloodtwin_core.sources.registry import source_named, sources, sources_table
from bloodtwin_core.sources.settings import data_model, data_settings, settings_model
from bloodtwin_core.sources.simulator import SimulatorSettings
from bloodtwin_core.sources.source import Source
from bloodtwin_core.sources.tandem import TandemSettings
from tests.core.sources.brought import ACME, Bring, forget, installing, said_besides

REPOSITORY = Path(__file__).parents[3]


@pytest.fixture
def brings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Bring]:
    """Install a package that brings a source, for as long as the test runs."""

    yield installing(tmp_path / "installed", monkeypatch)
    monkeypatch.undo()
    forget()


def test_every_source_of_the_folder_is_found_the_default_one_first() -> None:
    found = list(sources())
    assert found[0] == "simulator"
    assert found[1:] == sorted(found[1:])
    assert {"azt1d", "bloodbank", "brist1d", "events", "nightscout", "t1d_uom", "tandem", "vendor"} < set(found)
    assert all(source.name == name and source.title and source.about for name, source in sources().items())


def test_listing_the_sources_loads_nothing_heavy() -> None:
    program = (
        "import sys; from bloodtwin_core.sources.settings import settings_model; settings_model(); "
        "print({'pandas', 'numba', 'requests', 'scipy', 'tconnectsync', 'torch'} & set(sys.modules))"
    )
    done = subprocess.run([sys.executable, "-c", program], cwd=REPOSITORY, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


@pytest.mark.parametrize("place", ["README.md", "docs/sources.md"])
def test_the_docs_show_the_table_of_sources(place: str) -> None:
    assert sources_table() in (REPOSITORY / place).read_text(), f"{place}: put in what sources_table() gives"


def test_every_source_has_its_section_in_the_docs_and_stands_in_the_config() -> None:
    headings = re.findall(r"^## (\w+):", (REPOSITORY / "docs" / "sources.md").read_text(), flags=re.MULTILINE)
    assert {name for name in sources() if name != "simulator"} <= set(headings)
    [line] = [line for line in (REPOSITORY / "configs" / "lstm.yaml").read_text().splitlines() if " source:" in line][
        :1
    ]
    assert set(sources()) <= set(re.findall(r"\w+", line))


def test_a_source_reads_its_own_settings_or_their_defaults() -> None:
    given = data_settings(tandem=TandemSettings(time_zone="UTC"), simulator={"days": 9})
    assert given.of(TandemSettings).time_zone == "UTC"
    assert given.of(SimulatorSettings).days == 9
    assert DataSettings().of(SimulatorSettings) == SimulatorSettings()


def test_settings_keep_the_groups_of_sources_whoever_holds_them() -> None:
    data = data_settings(simulator={"days": 9})
    assert Settings(data=data).used("data")["data"]["simulator"]["days"] == 9
    assert settings_model()(data=data).used("data")["data"] == data.model_dump(mode="json")


def test_a_package_brings_a_cloud_with_settings_of_its_own(brings: Bring, tmp_path: Path) -> None:
    brings()
    assert "acme" in sources()
    assert data_model()().model_dump()["acme"] == {"clinic": "", "days": 4}
    assert "| `acme` | the cloud of Acme | a folder of your own | `clinic`, `days` |" in sources_table()
    assert "**Acme Data**, A. Acme" in notice_text("acme")
    asked = data_of_command("acme", str(tmp_path), [], [], ["acme.days=5"])
    assert asked.model_dump()["acme"]["days"] == 5
    with pytest.raises(SettingsError, match=r"data\.acme\.days"):
        data_of_command("acme", str(tmp_path), [], [], ["acme.days=2"])


def test_a_source_is_one_file_in_the_folder_of_sources(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "acme.py").write_text(ACME)
    monkeypatch.setattr(package, "__path__", [*package.__path__, str(tmp_path)])
    forget()
    try:
        assert source_named("acme").title == "the Acme cloud"
        assert data_settings(acme={"days": 5}).model_dump()["acme"]["days"] == 5
        assert "**Acme Data**" in notice_text("acme")
    finally:
        forget()
        sys.modules.pop("bloodtwin_core.sources.acme", None)


def test_the_command_imports_from_a_cloud_that_a_package_brings(brings: Bring, tmp_path: Path) -> None:
    brings()
    assert main(["import", "acme", str(tmp_path / "kept"), "--to", str(tmp_path / "data")]) == 0
    files = [read_split_file(path) for path in (tmp_path / "data" / "pump_7").glob("*/*.csv")]
    assert sum(len(file.records) for file in files) == 4 * 288
    assert {file.header.notes for file in files} == {"from the Acme cloud"}


@pytest.mark.parametrize(
    ("text", "attribute", "said"),
    [
        (ACME, "AcmeSettings", r"bloodtwin-acme \(.*acme = bloodtwin_acme:AcmeSettings\) is no source but a"),
        (ACME, "MISSING", r"cannot be loaded: .*MISSING.*Install the package anew, or uninstall it"),
        ("import not_there", "SOURCE", r"bloodtwin-acme .* cannot be loaded: No module named 'not_there'"),
        (ACME.replace('name="acme"', 'name="azt1d"'), "SOURCE", "brings the source azt1d, which is there already"),
        (ACME.replace('name="acme"', 'name="fetch"'), "SOURCE", r"but data\.fetch is another setting"),
        (ACME.replace('name="acme"', 'name="A b"'), "SOURCE", "cannot be called 'A b': write small letters"),
        (ACME.replace('default="", ', ""), "SOURCE", r"data\.acme\.clinic has no default"),
        (said_besides("needs_zone=True"), "SOURCE", r"data\.acme\.time_zone is no setting\. Add it to the settings"),
        (said_besides('address_setting="url"'), "SOURCE", r"data\.acme\.url is no setting\. Add it to the settings"),
    ],
)
def test_what_a_package_brings_wrongly_is_said_with_its_name(
    brings: Bring, text: str, attribute: str, said: str
) -> None:
    brings(text, attribute)
    with pytest.raises(SettingsError, match=said):
        sources()


def test_two_sources_cannot_share_a_model_of_settings(brings: Bring) -> None:
    theirs = ACME.replace("import numpy", "from bloodtwin_core.sources.tandem import TandemSettings\nimport numpy")
    brings(theirs.replace("settings=AcmeSettings", "settings=TandemSettings"))
    with pytest.raises(SettingsError, match="the sources tandem and acme share a model of settings"):
        data_model()


def test_a_source_that_is_not_installed_is_no_source_without_a_licence() -> None:
    with pytest.raises(SettingsError, match="'acme' is not known"):
        notice_text("acme")


def test_a_source_is_looked_up_by_its_name() -> None:
    assert isinstance(source_named("azt1d"), Source)
    with pytest.raises(SettingsError, match=r"'dexcom' is not known\. Choose one of simulator"):
        source_named("dexcom")
