"""The event history of each pump on disk, for sources that are asked only for what is new.

One file a pump, `pump_{id}.npz`, replaced whole by rename: it holds the events and, with them, how far the source was
read. A process that is killed anywhere leaves the file of its last append, from which the next sync goes on.
"""

import json
import re
import zipfile
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bloodtwin_core.bloodbank import PUMP_FOLDER, PUMP_ID, natural_order
from bloodtwin_core.errors import DataError
from bloodtwin_core.events.kinds import BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.repairs import Repairs
from bloodtwin_core.files import atomic_write
from bloodtwin_core.records import Timestamps

_VERSION = 1
_FILE = re.compile(rf"{PUMP_FOLDER}({PUMP_ID.pattern})\.npz")


@dataclass(frozen=True)
class StoredHistory:
    """A pump's events so far, and the source's own mark of how far it was read, "" before the first append."""

    events: PumpEvents
    position: str = ""


@dataclass(frozen=True)
class EventStore:
    """The histories in one folder."""

    folder: Path

    def path(self, pump_id: str) -> Path:
        """The file of a pump. Raises DataError for an id that cannot be part of a file name."""
        if not PUMP_ID.fullmatch(pump_id):
            todo = "Name it by letters, digits, '-', '_' and '.'"
            raise DataError(f"the pump id '{pump_id}' cannot be part of a file name", todo=todo)
        return self.folder / f"{PUMP_FOLDER}{pump_id}.npz"

    def pump_ids(self) -> list[str]:
        """The pumps of which there is a history, pump 2 before pump 10."""
        names = [path.name for path in self.folder.iterdir()] if self.folder.is_dir() else []
        return sorted((match[1] for name in names if (match := _FILE.fullmatch(name))), key=natural_order)

    def read(self, pump_id: str) -> StoredHistory:
        """The history of a pump, empty if there is none yet. Raises DataError if its file is damaged."""
        path = self.path(pump_id)
        if not path.exists():
            return StoredHistory(PumpEvents.empty(pump_id))
        try:
            with np.load(path, allow_pickle=False) as arrays:
                return _history(pump_id, arrays)
        except (OSError, ValueError, KeyError, IndexError, TypeError, EOFError, zipfile.BadZipFile) as error:
            todo = "Move it away, and the next sync fetches the whole history again"
            raise DataError(f"the event history is damaged ({error})", todo=todo, file=path) from error

    def append(
        self,
        new: PumpEvents,
        *,
        position: str,
        since: np.datetime64 | None = None,
        until: np.datetime64 | None = None,
    ) -> StoredHistory:
        """Add events and move the position, in one step; returns the history as it is then.

        With since and until the new events are all that the source has in [since, until), and take the place of what
        was stored there: fetching a stretch again, for an overlap or after a break, doubles nothing, and what was
        edited or deleted at the source in the meantime follows. Exact repeats are left out in any case, uncounted, for
        they come from the overlap. Raises StorageError if the file cannot be written.
        """
        stored = self.read(new.pump_id)
        kept = stored.events if since is None or until is None else _outside(stored.events, since, until)
        merged = replace(kept.merged(new), repairs=stored.events.repairs + new.repairs)
        history = StoredHistory(merged, position)
        with atomic_write(self.path(new.pump_id)) as temporary:
            _write(temporary, history)
        return history


def _outside(events: PumpEvents, since: np.datetime64, until: np.datetime64) -> PumpEvents:
    """The events before since or from until on."""

    def kept(times: Timestamps) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        return (times < since) | (times >= until)

    return replace(
        events,
        glucose=events.glucose.chosen(kept(events.glucose.times)),
        basal=events.basal.chosen(kept(events.basal.times)),
        bolus=events.bolus.chosen(kept(events.bolus.times)),
    )


def _write(path: Path, history: StoredHistory) -> None:
    glucose, basal, bolus = history.events.glucose, history.events.basal, history.events.bolus
    sensors, sensor = np.unique(glucose.sensor, return_inverse=True)
    about = {"version": _VERSION, "position": history.position, "repairs": history.events.repairs.text()}
    np.savez(
        path,
        about=np.array(json.dumps(about)),
        sensors=sensors,
        sensor=sensor.astype(np.int32),
        glucose_times=glucose.times,
        glucose=glucose.glucose,
        basal_times=basal.times,
        basal_rate=basal.rate,
        bolus_times=bolus.times,
        bolus_dose=bolus.dose,
        bolus_minutes=bolus.minutes,
    )


def _history(pump_id: str, arrays: np.lib.npyio.NpzFile) -> StoredHistory:
    about = json.loads(str(arrays["about"]))
    if about["version"] != _VERSION:
        raise ValueError(f"version {about['version']}, this program reads {_VERSION}")
    events = PumpEvents(
        pump_id,
        GlucoseEvents.of(arrays["glucose_times"], arrays["glucose"], arrays["sensors"][arrays["sensor"]]),
        BasalEvents.of(arrays["basal_times"], arrays["basal_rate"]),
        BolusEvents.of(arrays["bolus_times"], arrays["bolus_dose"], arrays["bolus_minutes"]),
        Repairs.from_text(about["repairs"]),
    )
    return StoredHistory(events, about["position"])
