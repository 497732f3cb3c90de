"""OhioT1DM: one XML file a person for training and one for testing, `559-ws-training.xml`, `559-ws-testing.xml`.

C. Marling, R. Bunescu, "The OhioT1DM Dataset for Blood Glucose Level Prediction: Update 2020", CEUR Workshop
Proceedings 2675. The data is given to researchers alone; its layout is known from the paper and from public readers of
it: `<patient id="559">` holds sections (`glucose_level`, `basal`, `temp_basal`, `bolus`, `meal` and others) of events.

What this importer makes of the files:
- All files of one person are one history, whatever was training or testing; bloodTwin splits it itself.
- Times are day-month-year, wall time without a zone. The publisher moved all dates, some into the future: they are
  taken as they are, and no event is refused for its year.
- `basal` is a change of the rate, U/h, until the next. `temp_basal` holds instead from ts_begin to ts_end; 0 while
  suspended.
- `bolus` of a type with `square` is spread from ts_begin to ts_end, others are delivered at once. The two parts of a
  dual bolus are two events, each with its dose.
- `glucose_level` is the sensor, mg/dL. Finger-stick readings are not used.
"""

from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from xml.etree.ElementTree import Element

import numpy as np

from bloodtwin_core.common.decimals import number_of
from bloodtwin_core.common.errors import DataError, SettingsError, listed
from bloodtwin_core.common.given_files import given_path, opened
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.spans import BasalSpan
from bloodtwin_core.records import WALL_TIME
from bloodtwin_core.records.pump_ids import pump_id_of
from bloodtwin_core.records.split_files import natural_order
from bloodtwin_core.sources.doses import Gathered
from bloodtwin_core.sources.xml_documents import children_of_root

ROOT = "patient"
_UNUSED = frozenset(
    (
        "acceleration", "basis_air_temperature", "basis_gsr", "basis_heart_rate", "basis_skin_temperature",
        "basis_sleep", "basis_steps", "exercise", "finger_stick", "hypo_event", "illness", "sleep", "stressors", "work",
    )
)  # fmt: skip
"""Sections that say nothing that is used."""
_LONGEST_NAME = 40
_TIME = "%d-%m-%Y %H:%M:%S"
_PUMP = "pump"


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The events of each person, by number; data.pump_ids are the numbers, "559".

    Raises SettingsError if data.root is not set, DataError, with the file, if nobody is there or something in a file
    cannot be understood.
    """
    people = _people(settings)
    for person in settings.pump_ids:
        if person not in people:
            what = f"there is no person {person}; there are {listed(people)}"
            raise DataError(what, todo="Correct data.pump_ids", file=Path(settings.root))
    for person, paths in people.items():
        if not settings.pump_ids or person in settings.pump_ids:
            yield person_events(person, paths)


def person_events(person: str, paths: list[Path]) -> PumpEvents:
    """The events of one person's files. Raises DataError as events does."""
    gathered = Gathered()
    for path in paths:
        with opened(path) as stream:
            for _, section in children_of_root(path, stream):
                for event in section.iter("event"):
                    _add(event, section.tag, gathered, path)
    found = gathered.events(person, WALL_TIME)
    return PumpEvents(person, wearer_zone=WALL_TIME, dates_are_shifted=True).merged(found)


def _people(settings: DataSettings) -> dict[str, list[Path]]:
    if not settings.root:
        raise SettingsError("data.root is not set. Point it to the OhioT1DM folder")
    root = given_path(settings.root)
    if not root.is_dir():
        raise DataError("the folder does not exist", todo="Point data.root to the OhioT1DM folder", file=root)
    people: dict[str, list[Path]] = {}
    for path in sorted(path for path in root.rglob("*.xml") if path.is_file()):
        people.setdefault(_person(path), []).append(path)
    if not people:
        raise DataError("the folder holds no .xml files", todo="Point data.root to the OhioT1DM folder", file=root)
    return {person: people[person] for person in sorted(people, key=natural_order)}


def _person(path: Path) -> str:
    with opened(path) as stream:
        root = next((root for root, _ in children_of_root(path, stream)), None)
    number = root.get("id", "") if root is not None and root.tag == ROOT else ""
    if not number:
        todo = "Remove it from the folder, or get the file again"
        raise DataError("the file is none of OhioT1DM: it holds no <patient id=...>", todo=todo, file=path)
    return pump_id_of(number, file=path)


def _add(event: Element, section: str, gathered: Gathered, path: Path) -> None:
    told = event.attrib
    try:
        if section == "glucose_level":
            gathered.add_reading(_second(told["ts"]), number_of(told["value"]), "")
        elif section == "basal":
            gathered.of(_PUMP).add_basal(BasalSpan(_second(told["ts"]), None, number_of(told["value"])))
        elif section == "temp_basal":
            start, end = _second(told["ts_begin"]), _second(told["ts_end"])
            gathered.of(_PUMP).add_basal(BasalSpan(start, end, number_of(told["value"]), temporary=True))
        elif section == "bolus":
            start, end = _second(told["ts_begin"]), _second(told["ts_end"])
            minutes = (end - start) / 60 if "square" in told["type"] else 0.0
            gathered.of(_PUMP).add_bolus(start, number_of(told["dose"]), minutes)
        elif section == "meal":
            gathered.add_carbohydrates(_second(told["ts"]), number_of(told["carbs"]))
        elif section not in _UNUSED:
            gathered.not_understood(section[:_LONGEST_NAME], number_of(told.get("dose", "0")))
    except (KeyError, ValueError, OverflowError) as error:
        what = f"{section}: an event makes no sense: {str(dict(told))[:120]} ({str(error)[:60]})"
        raise DataError(what, todo="Get the file again, or correct the event", file=path) from error


def _second(stated: str) -> int:
    return int(np.datetime64(datetime.strptime(stated, _TIME), "s").astype(np.int64))
