"""Served forecasts of days that were tested, record by record as they came, held against the test and the batch.

The split files are those of the run that the model comes from (for the base model: `bloodtwin import azt1d FOLDER --to
DATA`). Every record of the test split is sent as what happened in its five minutes, with the clock at its end; what
was before lies in the store already, and tells a model that reads it of the wearer's past.
"""

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import requests
import yaml

from benchmarks.common.rows import Row, below, noted
from benchmarks.service.in_process import SetClock, served
from benchmarks.service.sending import body_of
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.pretrained.files import RESULTS, shipped_file
from bloodtwin_core.records import RECORD_MINUTES, Feature, PumpRecords, Split
from bloodtwin_core.records.past import NOTHING_SEEN, WearerPast
from bloodtwin_core.records.segments import contiguous
from bloodtwin_core.records.split_files import natural_order, read_split_file
from bloodtwin_core.service.store import EventKind, StoredEvent
from bloodtwin_core.serving import Forecaster
from bloodtwin_core.serving.facts import ExportFacts
from bloodtwin_core.serving.lookback import past_of_records

SAME = 0.01
"""mg/dL."""
_INTERVAL = 60 * RECORD_MINUTES
_HORIZONS = (30, 60)
_TOGETHER = 32
Glucose = npt.NDArray[np.float32]


@dataclass
class Compared:
    """Windows of one set. Absolute errors (mg/dL) in `_HORIZONS` minutes, [window, minutes], NaN where none came.

    tested: of the batch on all windows; batch, served: of both on the windows that both forecast. differences: the
    largest between the two forecasts of each of those (mg/dL). refusals: of the service, by reason.
    """

    tested: list[npt.NDArray[np.float64]] = field(default_factory=list)
    batch: list[npt.NDArray[np.float64]] = field(default_factory=list)
    served: list[npt.NDArray[np.float64]] = field(default_factory=list)
    differences: list[float] = field(default_factory=list)
    refusals: Counter[str] = field(default_factory=Counter)

    def add(self, forecast: Glucose, targets: Glucose, told: dict[str, Any]) -> None:
        """A window: the batch's forecast, what came, and the outlook that was served."""
        error = _errors(forecast, targets)
        self.tested.append(error)
        if told["forecast"] is None:
            self.refusals[told["refusals"][0]["reason"]] += 1
            return
        given = np.array(told["forecast"]["glucose"], dtype=np.float32)
        self.differences.append(float(np.abs(given - forecast).max()))
        self.batch.append(error)
        self.served.append(_errors(given, targets))


Sets = dict[str, Compared]


def tested_days(folder: Path, people: int) -> list[Row]:
    """The first so many people of a folder of split files, 0 all of them."""
    clock, sets = SetClock(), {"complete": Compared(), "available": Compared()}
    with served(clock) as (service, url):
        forecaster = service.model.now.forecaster
        paths = sorted(folder.glob("pump_*/test/lstm_test_*.csv"), key=lambda path: natural_order(path.parts[-3]))
        for path in paths[: people or None]:
            before = [read_split_file(each).records for each in _earlier(path)]
            for part in contiguous(read_split_file(path).records):
                name = f"person{len(service.store.wearers.all())}"
                wearer = service.store.wearers.put(name, "UTC")
                told = [event for each in before for event in _events(each)]
                service.store.events.put(wearer.number, told, _second(part.timestamps[0]))
                answers = list(_answers(part, clock, f"{url}/v1/wearers/{name}/events?outlook=true"))
                _compare(sets, part, answers, forecaster, _seen(before, forecaster.facts))
                before.append(part)
    return list(_rows(sets, people == 0))


def _earlier(test: Path) -> Iterator[Path]:
    """The files of the splits before a test file, in the order of time."""
    for split in (Split.train, Split.validate):
        yield from (test.parent.parent / split).glob(f"lstm_{split}_*.csv")


def _events(records: PumpRecords) -> Iterator[StoredEvent]:
    """What happened in the five minutes of each record. Its rate is told even where nobody knows it: from then on."""
    for time, values in zip(records.timestamps, records.values, strict=True):
        end = _second(time)
        glucose, _, basal, bolus = (float(value) for value in values[:4])
        if not np.isnan(glucose):
            yield StoredEvent(EventKind.glucose, f"glucose {end}", end, glucose, sensor="s")
        rate = None if np.isnan(basal) else basal
        yield StoredEvent(EventKind.basal, f"basal {end}", end - _INTERVAL, rate)
        if bolus > 0:
            yield StoredEvent(EventKind.bolus, f"bolus {end}", end, bolus)


def _seen(before: Sequence[PumpRecords], facts: ExportFacts) -> WearerPast:
    """What was seen of a wearer in these records, for a model that reads their past."""
    seen = NOTHING_SEEN
    for records in before if facts.wearer_past else ():
        _, seen = past_of_records(records, facts, seen)
    return seen


def _second(time: np.datetime64) -> int:
    return int(time.astype("datetime64[s]").astype(np.int64))


def _answers(part: PumpRecords, clock: SetClock, url: str) -> Iterator[dict[str, Any]]:
    """The outlook after each record. Wall times are told as if they were UTC, of a wearer who lives there."""
    session = requests.Session()
    for place, time in enumerate(part.timestamps):
        body = body_of(list(_events(part.rows(place, place + 1))))
        clock.second = float(_second(time))
        answer = session.post(url, json=body, timeout=60)
        answer.raise_for_status()
        yield answer.json()["outlook"]


def _compare(
    sets: Sets, part: PumpRecords, answers: list[dict[str, Any]], forecaster: Forecaster, seen: WearerPast
) -> None:
    lookback, horizon = forecaster.facts.lookback, forecaster.facts.horizon
    glucose = part.feature(Feature.bg)
    measured = np.isfinite(glucose)
    origins = range(lookback - 1, len(part) - horizon)
    for start in range(origins.start, origins.stop, _TOGETHER):
        batch = list(range(start, min(start + _TOGETHER, origins.stop)))
        made = forecaster.forecast_many([part.rows(0, origin + 1) for origin in batch], [seen] * len(batch))
        for origin, forecast in zip(batch, made, strict=True):
            targets = glucose[origin + 1 : origin + 1 + horizon]
            if isinstance(forecast, DataError) or not np.isfinite(targets).any():
                continue
            sets["available"].add(forecast.glucose, targets, answers[origin])
            if measured[origin - lookback + 1 : origin + 1 + horizon].all():
                sets["complete"].add(forecast.glucose, targets, answers[origin])


def _errors(forecast: Glucose, targets: Glucose) -> npt.NDArray[np.float64]:
    steps = [minutes // RECORD_MINUTES - 1 for minutes in _HORIZONS]
    return np.abs(forecast[steps].astype(np.float64) - targets[steps])


def _rows(sets: Sets, is_whole: bool) -> Iterator[Row]:
    results = yaml.safe_load(shipped_file(RESULTS).read_text("utf-8"))
    for name, compared in sets.items():
        stated = results[name]["pooled"]["model"]
        yield noted(f"{name} windows", float(len(compared.tested)), "")
        yield noted(f"{name} windows that both forecast", float(len(compared.differences)), "")
        for reason, count in sorted(compared.refusals.items()):
            yield noted(f"{name}, refused: {reason}", float(count), "")
        yield noted(f"{name}, largest difference of one forecast from the batch", max(compared.differences), "mg/dL")
        tested, batch, given = (
            np.nanmean(errors, axis=0) for errors in (compared.tested, compared.batch, compared.served)
        )
        for place, minutes in enumerate(_HORIZONS):
            what = f"{name}, MAE at {minutes} min"
            yield noted(f"{what}, served", float(given[place]), "mg/dL")
            difference = abs(float(given[place] - batch[place]))
            yield below(f"{what}, served less batch, where both forecast", difference, "mg/dL", SAME)
            if is_whole:
                from_test = abs(float(tested[place]) - stated[f"test_mae_at_{minutes}min"])
                yield below(f"{what}, batch less test_results.yaml", from_test, "mg/dL", SAME)
