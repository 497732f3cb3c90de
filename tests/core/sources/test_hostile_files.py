"""Every reader of given files, handed what no export is: words and not a traceback, a second and not a minute."""

import os
import re
import sqlite3
import time
import zipfile
from collections.abc import Callable
from io import BytesIO
from itertools import pairwise
from pathlib import Path

import pytest

from bloodtwin_core.cli.recognising import place_of
from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.repairs import RepairKind, read_repairs
from bloodtwin_core.records import PumpHistory, PumpRecords, Split
from bloodtwin_core.records.split_files import SplitFile, read_split_file
from bloodtwin_core.records.splitting import write_split_files
from bloodtwin_core.sources.json_documents import documents_of
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.splits import split_files_of
from bloodtwin_core.sources.xml_documents import children_of_root
from tests.core.sources.app_exports import WRITERS
from tests.core.sources.device_exports.test_fuzz import EXPORTS
from tests.core.tiny import tiny_records

LONGEST_SECONDS = 4.0
"""Of the processor, for reading and recognising."""
ZONE = {"time_zone": "Europe/London"}
TIMES = [f"{1 + n // 288:02} {n % 288 // 12:02}:{n % 12 * 5:02}:00" for n in range(600)]


def write_events(root: Path) -> None:
    pump = root / "pump_7"
    pump.mkdir(parents=True)
    rows = [f"2024-03-{time.replace(' ', 'T')}Z,{100 + n % 30},EGV\n" for n, time in enumerate(TIMES)]
    (pump / "cgmreading_1.csv").write_text("timestamp,bg,event_type\n" + "".join(rows))
    (pump / "bolus_1.csv").write_text("timestamp,bolus_dose,event_type\n2024-03-01T00:50:00Z,2.5,meal\n")


def write_bloodbank(root: Path) -> None:
    write_split_files([tiny_records("one", count=600)], DataSettings(), root)


def write_azt1d(root: Path) -> None:
    person = root / "CGM Records" / "Subject 1"
    person.mkdir(parents=True)
    rows = [f"2023-12-{time},0.8,0,{100 + n % 30}\n" for n, time in enumerate(TIMES)]
    (person / "Subject 1.csv").write_text("EventDateTime,Basal,TotalBolusInsulinDelivered,CGM\n" + "".join(rows))


def write_brist1d(root: Path) -> None:
    root.mkdir(parents=True)
    rows = [f"2023-06-{time},{5 + n % 3},0.1\n" for n, time in enumerate(TIMES)]
    (root / "P02.csv").write_text("timestamp,bg,insulin\n" + "".join(rows))


def write_t1d_uom(root: Path) -> None:
    days = [f"{time[:2]}/06/2023 {time[3:8]}" for time in TIMES]
    tables = {
        "Glucose Data/UoMGlucose2301.csv": ["bg_ts,value", *(f"{day},{5 + n % 3}" for n, day in enumerate(days))],
        "Insulin Data/Basal Data/UoMBasal2301.csv": [
            "basal_ts,basal_dose,insulin_kind",
            *(f"{day},0.8,R" for day in days[::72]),
        ],
    }
    for name, lines in tables.items():
        (root / name).parent.mkdir(parents=True)
        (root / name).write_text("\n".join([*lines, ""]))


def vendor_writer(export: str) -> Callable[[Path], None]:
    def write(root: Path) -> None:
        (root / "ann").mkdir(parents=True)
        (root / "ann" / "export.csv").write_text(EXPORTS[export], encoding="utf-8", newline="")

    return write


TABLES: dict[str, Callable[[Path], None]] = {
    **{f"vendor {name}": vendor_writer(name) for name in ("clarity", "libre", "t:connect", "carelink", "paradigm")},
    "glooko": WRITERS["glooko"],
    "xdrip": WRITERS["xdrip"],
    "events": write_events,
    "bloodbank": write_bloodbank,
    "azt1d": write_azt1d,
    "brist1d": write_brist1d,
    "t1d_uom": write_t1d_uom,
}
DOCUMENTS = {name: WRITERS[name] for name in ("tidepool", "nightscout_dump", "ohio_t1dm", "apple_health")}
READINGS = re.compile(r"cgm|entries|Glucose|train/|\.json|\.xml|export|Subject|P02")


def the_file(root: Path) -> Path:
    """The one that holds the readings."""
    files = [path for path in sorted(root.rglob("*")) if path.is_file()]
    return next(path for path in files if READINGS.search(path.relative_to(root).as_posix()))


def records_of(name: str, root: Path) -> list[SplitFile]:
    source = name.split(" ")[0]
    own = {source: {**ZONE, **({"glucose_unit": "mg/dL"} if "t:connect" in name else {})}}
    given = own if source in ("vendor", "glooko", "xdrip") else {}
    settings = data_settings(source=source, root=str(root), **given)

    def whole(history: PumpHistory, _settings: DataSettings) -> dict[Split, PumpRecords]:
        return {Split.train: history.records}

    pumps = split_files_of(settings, root.parent / "out", lambda _: None, whole)
    return [read_split_file(path) for pump in pumps for path in pump.files.values()]


def said_of(name: str, root: Path) -> str:
    """What a reader says of files, "" if it reads them; it and the command that recognises files take no longer."""
    file = next((path for path in root.rglob("*") if not path.is_dir()), root)
    began = time.process_time()
    said = _said(lambda: records_of(name, root))
    for place in (root, file):
        _said(lambda place=place: place_of([str(place)]))  # type: ignore[misc]
    assert time.process_time() - began < LONGEST_SECONDS
    return said


def _said(attempt: Callable[[], object]) -> str:
    said = ""
    try:
        attempt()
    except BloodTwinError as error:
        said = str(error)
    assert len(said) < 1_200
    assert not re.search(r"(\w)\1{300}", said)
    return said


def changed(name: str, root: Path, change: Callable[[str], str]) -> str:
    """What is said of a source whose file of readings was changed."""
    (TABLES | DOCUMENTS)[name](root)
    path = the_file(root)
    path.write_text(change(path.read_text(encoding="utf-8")), encoding="utf-8", newline="")
    return said_of(name, root)


def with_cell(text: str, cell: str) -> str:
    """The last number of a row near the end is another cell."""
    lines = text.split("\n")
    place = max(len(lines) - 5, 0)
    start, _, rest = lines[place].rpartition(next(iter(re.findall(r"\d+(?:\.\d+)?", lines[place])[-1:]), ""))
    lines[place] = f"{start}{cell}{rest}"
    return "\n".join(lines)


@pytest.mark.parametrize("name", TABLES)
def test_tables_that_no_app_exports(name: str, tmp_path: Path) -> None:
    TABLES[name](tmp_path / "whole")
    assert said_of(name, tmp_path / "whole") == ""
    delimiter = ";" if the_file(tmp_path / "whole").read_text().count(";") > 100 else ","
    assert changed(name, tmp_path / "a", lambda text: with_cell(text, "9" * 200_000))
    assert changed(name, tmp_path / "b", lambda text: with_cell(text, delimiter * 1_000_000))
    assert changed(name, tmp_path / "c", lambda text: with_cell(text, "1\0"))
    wide = delimiter.join(f"c{number}" for number in range(1_000_000))
    assert changed(name, tmp_path / "d", lambda text: f"{wide}\n{text}")
    assert changed(name, tmp_path / "e", lambda text: text + "x" * 3_000_000 + "\n")


DATES = (
    (re.compile(r"20\d\d-\d\d-\d\d"), "2024-13-45"),
    (re.compile(r"20\d\d/\d\d/\d\d"), "2024/13/45"),
    (re.compile(r"\b\d\d([-/.])\d\d[-/.](20\d\d)"), r"45\g<1>13\g<1>\g<2>"),
    (re.compile(r"\b\d+/\d+/24\b"), "13/45/24"),
)
LEFT_OUT = {"tidepool", "nightscout_dump", "apple_health"}
"""Sources of single documents: one that makes no sense is left out and counted, whatever is wrong with it."""


def with_the_45th(text: str) -> str:
    """One date in the middle, below whatever the file says of itself, is the 45th of the 13th month."""
    below = text.find("\n", len(text) // 2 if text.count("\n") > 20 else 0) + 1 or len(text) // 2
    for form, wrong in DATES:
        if found := form.search(text, below):
            return text[: found.start()] + form.sub(wrong, found[0]) + text[found.end() :]
    raise AssertionError("the file has no date")


def entry_with_the_45th(text: str) -> str:
    """One entry of a site tells its time in words alone."""
    return re.sub(r'"date": \d+', '"dateString": "2024-13-45T00:00:00Z"', text, count=1)


@pytest.mark.parametrize("name", [*TABLES, *DOCUMENTS])
def test_the_45th_of_the_13th_month(name: str, tmp_path: Path) -> None:
    if name not in LEFT_OUT:
        assert re.search("45|no sense", changed(name, tmp_path / "a", with_the_45th))
        return
    assert not changed(name, tmp_path / "a", entry_with_the_45th if name == "nightscout_dump" else with_the_45th)
    (found,) = records_of(name, tmp_path / "a")
    assert read_repairs(found.header)[RepairKind.unreadable_rows] == 1


def test_the_45th_of_the_13th_month_in_a_database(tmp_path: Path) -> None:
    folder = tmp_path / "root" / "ann"
    folder.mkdir(parents=True)
    made = sqlite3.connect(folder / "export.sqlite")
    made.execute("CREATE TABLE BgReadings (timestamp, calculated_value)")
    made.execute("CREATE TABLE Treatments (timestamp, insulin, carbs)")
    rows = [(1_709_251_200_000 + 300_000 * n, 100.0 + n % 9) for n in range(600)]
    made.executemany("INSERT INTO BgReadings VALUES (?, ?)", [*rows, ("2024-13-45", 100.0), (10**18, "1e999")])
    made.commit()
    made.close()
    (found,) = records_of("xdrip", tmp_path / "root")
    assert read_repairs(found.header)[RepairKind.unreadable_rows] == 2


@pytest.mark.parametrize(
    "text",
    [
        "[" * 500_000,
        "[" * 50_000 + "]" * 50_000,
        '[{"a": ' + "9" * 1_000_000 + "}]",
        '[{"a": {"$numberLong": [1]}}]',
        '[{"a": {"$numberDouble": "x"}}]',
        "[" + "[]," * 200_000 + "[]]",
        '["' + "x" * 1_000_000 + '"]',
        "\0",
        "",
    ],
    ids=range(9),
)
def test_json_that_no_app_exports(text: str, tmp_path: Path) -> None:
    path = tmp_path / "a.json"
    path.write_text(text)
    assert _said(lambda: documents_of(path))


@pytest.mark.parametrize(
    ("inner", "said"),
    [
        ("<a>" * 50_000, "nested in more"),
        (f'<a b="{"c" * 5_000_000}"/>', "an element or a text of over"),
        ("x" * 5_000_000, "an element or a text of over"),
        ("<g>" + "<a/>" * 201_000 + "</g>", "holds more than"),
        ("&a;", "undefined entity"),
        ("\0", "no whole XML"),
    ],
    ids=range(6),
)
def test_xml_that_no_app_exports(inner: str, said: str, tmp_path: Path) -> None:
    bomb = "".join(f'<!ENTITY {letter} "{f"&{after};" * 10}">' for letter, after in pairwise("abcdefghij"))
    text = f'<!DOCTYPE r [{bomb}<!ENTITY j "jjjjjjjjjj">]><r>{inner}</r>'
    assert said in _said(lambda: list(children_of_root(tmp_path / "a.xml", BytesIO(text.encode()))))


def test_many_elements_of_no_interest_take_no_more_than_their_share() -> None:
    """To let go of each by itself would take the square of their number: minutes, for these."""
    text = f"<r>{'<a/>' * 100_000}<b/></r>"
    began = time.process_time()
    assert [element.tag for _, element in children_of_root(Path("a.xml"), BytesIO(text.encode()))][-1] == "b"
    assert time.process_time() - began < LONGEST_SECONDS


@pytest.mark.parametrize("name", ["apple_health", "glooko", "xdrip"])
def test_zip_files_that_no_app_exports(name: str, tmp_path: Path) -> None:
    WRITERS[name](tmp_path / "root")
    path = the_file(tmp_path / "root")
    inner = "export.xml" if name == "apple_health" else path.name
    with zipfile.ZipFile(path.with_suffix(".zip"), "w", zipfile.ZIP_DEFLATED) as made:
        made.writestr(inner, path.read_bytes() + b"\n" + b" " * 64 * 1024**2)
    path.unlink()
    assert "unpacks to over" in said_of(name, tmp_path / "root")


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="this system has no named pipes")
@pytest.mark.parametrize("name", [*TABLES, *DOCUMENTS])
def test_a_pipe_in_place_of_the_file(name: str, tmp_path: Path) -> None:
    root = tmp_path / "root"
    (TABLES | DOCUMENTS)[name](root)
    path = the_file(root)
    path.unlink()
    os.mkfifo(path)
    assert said_of(name, root)


@pytest.mark.parametrize("name", ["$\\bad$", "a\\1b", "-", "é", "x" * 101, "\x1b[31m"])
@pytest.mark.parametrize("source", ["vendor", "glooko", "xdrip", "tidepool"])
def test_the_name_of_a_folder_that_can_be_no_pump_id_is_refused_before_anything_is_read(
    source: str, name: str, tmp_path: Path
) -> None:
    writers = {"vendor": vendor_writer("clarity"), **WRITERS}
    writers[source](tmp_path / "root")
    path = the_file(tmp_path / "root")
    path.write_text("nothing that could be read")
    path.parent.rename(tmp_path / "root" / name)
    said = said_of(source, tmp_path / "root")
    assert "the pump id" in said
    assert "root" in said
    assert said.isprintable()
