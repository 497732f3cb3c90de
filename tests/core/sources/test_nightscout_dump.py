"""A Nightscout site's collections as files: read as the site itself would be."""

import gzip
import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.sources.nightscout.reading import events_of_documents
from bloodtwin_core.sources.nightscout_dump.importer import events
from bloodtwin_core.sources.settings import data_settings
from tests.core.sources.nightscout.documents import FLAT, reading, status, treatment

ENTRIES = [reading(5.0 * n, 100 + n) for n in range(48)]
TREATMENTS = [
    treatment(10, "Meal Bolus", insulin=4.5, carbs=40),
    treatment(60, "Temp Basal", absolute=0.2, duration=30),
    treatment(120, "Bolus", insulin=1.0),
]


def told(folder: Path, **more: Any) -> PumpEvents:
    (found,) = events(data_settings(source="nightscout_dump", root=str(folder), **more))
    return found


def same(first: PumpEvents, second: PumpEvents) -> bool:
    return all(
        np.array_equal(
            getattr(getattr(first, kind), name), getattr(getattr(second, kind), name), equal_nan=name != "times"
        )
        for kind, names in (("glucose", "times glucose"), ("basal", "times rate"), ("bolus", "times dose minutes"))
        for name in names.split()
    )


def write(folder: Path, **collections: Any) -> Path:
    for name, documents in collections.items():
        (folder / f"{name}.json").write_text(json.dumps(documents))
    return folder


def test_files_say_what_the_site_would(tmp_path: Path) -> None:
    site = events_of_documents("p", ENTRIES, TREATMENTS, [FLAT], [status(0, suspended=False)])
    found = told(write(tmp_path, entries=ENTRIES, treatments=TREATMENTS, profile=[FLAT], devicestatus=[status(0)]))
    assert len(site.bolus) == 2
    assert len(site.basal) > 1
    assert same(found, site)


def test_lines_of_mongoexport_and_answers_of_version_3_and_gzip_are_read(tmp_path: Path) -> None:
    long = [each | {"_id": {"$oid": each["_id"]}, "date": {"$numberLong": str(each["date"])}} for each in ENTRIES]
    (tmp_path / "entries.json").write_text("\n".join(json.dumps(each) for each in long))
    (tmp_path / "12_treatments.json.gz").write_bytes(gzip.compress(json.dumps(TREATMENTS).encode()))
    write(tmp_path, profile={"status": 200, "result": [FLAT]})
    assert same(told(tmp_path), events_of_documents("p", ENTRIES, TREATMENTS, [FLAT]))


def test_documents_that_lost_their_names_count_once(tmp_path: Path) -> None:
    nameless = [{name: value for name, value in each.items() if name != "_id"} for each in [*ENTRIES, *TREATMENTS]]
    entries, treatments = nameless[:48], nameless[48:]
    write(tmp_path, entries=entries + entries[:9], treatments_1=treatments, treatments_2=treatments, profile=[FLAT])
    assert same(told(tmp_path), events_of_documents("p", ENTRIES, TREATMENTS, [FLAT]))


def test_a_file_whose_name_tells_no_collection_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"other\.json.*collection"):
        told(write(tmp_path, entries=ENTRIES, other=TREATMENTS))


def test_without_entries_there_is_nothing_to_learn_from(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no file of entries"):
        told(write(tmp_path, treatments=TREATMENTS))


def test_the_zone_that_is_stated_is_the_wearers(tmp_path: Path) -> None:
    write(tmp_path, entries=ENTRIES)
    assert told(tmp_path, nightscout_dump={"time_zone": "Europe/Berlin"}).wearer_zone == "Europe/Berlin"
