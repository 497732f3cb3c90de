"""Forecast the coming hour, without training anything; nothing leaves this machine.

WHERE is a file or several (exports of one wearer, or split files), a folder of them, or the address of a Nightscout
site; a token for it comes from BLOODTWIN_NIGHTSCOUT_TOKEN. Which source it is of is recognised, or named with --source.
The forecast starts from now, and from no reading older than the model was tested with (usually 15 minutes); with --at
from a moment of the history.

  bloodtwin forecast my-exports --zone Europe/Berlin
  bloodtwin forecast clarity.csv --zone Europe/Berlin --at last --html forecast.html
  bloodtwin forecast https://my-site.example --unit mmol/L
"""

import argparse
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from bloodtwin_core.cli.forecast_json import forecast_json
from bloodtwin_core.cli.history import Asked, History, history_at
from bloodtwin_core.cli.moment import moment_of, utc_now
from bloodtwin_core.cli.recognising import Place, place_of
from bloodtwin_core.cli.settings import add_pump_option, add_set_option, data_settings
from bloodtwin_core.cli.shown_unit import add_unit_option
from bloodtwin_core.cli.wearer_clock import on_clock, with_zone
from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.config import DataSettings
from bloodtwin_core.display import ForecastView, fan, page, table, view_of
from bloodtwin_core.display.clock import WearerClock
from bloodtwin_core.events.zones import zone_named
from bloodtwin_core.pretrained import base_forecaster
from bloodtwin_core.records import FEATURES, RECORD_INTERVAL, RECORDS_PER_DAY, Clock, Feature, OriginRules, PumpRecords
from bloodtwin_core.records.between_readings import is_sparse, lines_between_readings
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.records.joining import records_up_to, require_measured
from bloodtwin_core.records.past import PAST_REACH_DAYS
from bloodtwin_core.serving import Forecaster
from bloodtwin_core.serving.facts import ExportFacts
from bloodtwin_core.serving.lookback import reach_of
from bloodtwin_core.sources.registry import source_named

_TABLE_EVERY = 3
"""Steps (15 min) from one row of the terminal's table to the next; pages and JSON have all."""
_CLOCKS_APART = 3
"""Events (15 min of readings) in the future that clocks which differ a little may bring."""
_SPARSE = (
    "Readings come every 10 minutes or less often: the forecast starts from the last one, and takes straight lines "
    "between them; expect larger errors, and more of them outside the band."
)
_LATE = np.timedelta64(26 * 3600, "s")
"""By so much the moment may lie before the one up to which is read, as long as the zone is not known."""
_PAST_DAYS_FETCHED = 14
"""Days of the wearer's past that a site is asked for, three requests each; of files PAST_REACH_DAYS are read."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin forecast` takes."""
    parser.add_argument(
        "where", metavar="WHERE", nargs="+", help="files, a folder, or the address of a Nightscout site"
    )
    parser.add_argument("--source", metavar="NAME", help="the source, where it is not recognised")
    parser.add_argument("--zone", default="", metavar="ZONE", help="the wearer's time zone, such as Europe/Berlin")
    add_pump_option(parser, "the pump or wearer, where there are several")
    parser.add_argument(
        "--at", default="", metavar="TIME", help="as of this moment, such as 2026-01-31T12:00, or `last` reading"
    )
    parser.add_argument("--model", type=Path, metavar="FILE", help="model.onnx, model.ts or the folder of a model")
    add_unit_option(parser, "default: mg/dL")
    parser.add_argument("--html", type=Path, metavar="FILE", help="also write a page with the picture")
    parser.add_argument("--json", action="store_true", help="print JSON for programs and nothing else")
    add_set_option(parser, "any setting of the group data, such as vendor.date_order=day_first")


def run(given: argparse.Namespace) -> None:
    """Print the forecast. Raises BloodTwinError."""
    if given.zone:
        zone_named(given.zone)
    place = place_of(given.where, given.source)
    settings = with_zone(data_settings(place.source, "", given.pump, [], given.set), place.source, given.zone)
    _require_zone(place, settings)
    made = _forecast(place, settings, given)
    for doubt in made.doubts:
        sys.stderr.write(f"bloodtwin: {doubt}\n")
    if given.html:
        with atomic_write(given.html) as temporary:
            temporary.write_text(page(made.view), "utf-8")
    sys.stdout.write(forecast_json(made.view) if given.json else _shown(made.view))
    if given.html:
        sys.stderr.write(f"The page lies in {given.html}\n")


@dataclass(frozen=True)
class _Made:
    view: ForecastView
    doubts: tuple[str, ...]


def _forecast(place: Place, settings: DataSettings, given: argparse.Namespace) -> _Made:
    forecaster = _forecaster(given.model)
    lookback, known = forecaster.facts.lookback, forecaster.facts.features
    settings = settings.model_copy(update={"extra_features": [name for name in known if name not in FEATURES]})
    moment = moment_of(given.at, utc_now())
    # More than a lookback, so that what was told before it is carried into its gaps, as in training and tests.
    reach = reach_of(forecaster.facts, lookback)
    if forecaster.facts.wearer_past:
        past_days = _PAST_DAYS_FETCHED if place.address else PAST_REACH_DAYS
        reach = max(reach, past_days * RECORDS_PER_DAY)
    history = history_at(place, Asked(settings, moment.until, reach * RECORD_INTERVAL + _LATE, given.zone))
    newest = _last_reading(history.parts)
    _require_known_clock(history.clock, forecaster.facts)
    at = moment.in_utc(history.clock, newest)
    if not given.at:
        _require_present(history)
    records = records_up_to(history.parts, at, reach)
    recent = records.rows(len(records) - lookback, len(records))
    _require_fresh(recent, at, history.clock, forecaster.facts)
    about = f"Model {forecaster.facts.model_name} {forecaster.facts.model_version}, {place.source} data."
    doubts = _doubts(history)
    told = records
    if is_sparse(recent):
        records = records_up_to(history.parts, recent.timestamps[_measured(recent)[-1]], reach)
        told = lines_between_readings(records)
        about, doubts = f"{about} {_SPARSE}", (*doubts, _SPARSE)
    require_measured(told.rows(len(told) - lookback, len(told)), forecaster.facts.min_measured_share)
    view = view_of(
        forecaster.forecast(on_clock(told, history.clock)),
        on_clock(records, history.clock),
        GlucoseUnit(given.unit or GlucoseUnit.mg_dl),
        history.clock,
        about,
    )
    return _Made(view, doubts)


def _measured(records: PumpRecords) -> npt.NDArray[np.int64]:
    """Places of the records with a reading."""
    return np.flatnonzero(np.isfinite(records.feature(Feature.bg)))


def _last_reading(parts: Sequence[PumpRecords]) -> np.datetime64:
    measured = [part.timestamps[np.isfinite(part.feature(Feature.bg))] for part in parts]
    times = np.concatenate(measured)
    if not len(times):
        raise DataError(f"pump {parts[0].pump_id} has no glucose reading", todo="Give its readings")
    newest: np.datetime64 = times.max()
    return newest


def _require_present(history: History) -> None:
    """With a wrong zone the newest readings lie in the future and are left out, and older ones would look fresh."""
    if history.times_refused > _CLOCKS_APART:
        raise DataError(
            f"pump {history.parts[0].pump_id}: {history.times_refused} events lie in the future, or before 2020",
            todo="Correct --zone or this computer's clock; or forecast from the history alone: --at last",
        )


def _require_known_clock(clock: WearerClock, facts: ExportFacts) -> None:
    """The time of day on another clock moves a forecast by up to tens of mg/dL, and nothing would show it."""
    if facts.clock is Clock.local and clock.zone is None and not clock.is_local:
        raise SettingsError(
            "the wearer's zone is not known, and the model learnt from the wearers' local time. Give it with --zone, "
            "such as --zone Europe/Berlin"
        )


def _doubts(history: History) -> tuple[str, ...]:
    doubts = []
    if history.times_refused:
        left_out = f"{history.times_refused} events in the future, or before 2020, were left out"
        doubts.append(f"{left_out}; is the zone right?")
    return tuple(doubts)


def _require_fresh(records: PumpRecords, at: np.datetime64, clock: WearerClock, rules: OriginRules) -> None:
    """A reading as old as that tells of another hour than the coming one."""
    measured = _measured(records)
    newest = records.timestamps[measured[-1]] if len(measured) else None
    age = (at - newest) / np.timedelta64(60, "s") if newest is not None else np.inf
    if age <= rules.max_reading_age_minutes:
        return
    found = f"the last reading is {_age(age)} old ({clock.full(newest)})" if newest is not None else "no reading"
    raise DataError(
        f"pump {records.pump_id}: {found}",
        todo=f"A forecast may start from a reading that is at most {rules.max_reading_age_minutes:g} minutes old. "
        "For the hour after the last reading: --at last",
    )


def _age(minutes: float) -> str:
    hours, days = minutes / 60, minutes / 1440
    if days >= 2:
        return f"{days:.0f} days"
    return f"{hours:.1f} h" if hours >= 2 else f"{minutes:.0f} minutes"


def _forecaster(model: Path | None) -> Forecaster:
    if model is None:
        return base_forecaster()
    return Forecaster.load(model)


def _require_zone(place: Place, settings: DataSettings) -> None:
    if source_named(place.source).lacks_zone(settings):
        todo = "Name the wearer's, such as --zone Europe/Berlin"
        raise SettingsError(f"{place} gives local times and says no zone. {todo}")


def _shown(view: ForecastView) -> str:
    plain = "utf" not in (sys.stdout.encoding or "").lower()
    when, _ = view.last_reading
    made = f"Last reading {view.clock.full(when)} ({view.clock.name})."
    return f"{view.headline()}\n{made}\n\n{fan(view, plain=plain)}\n\n{table(view, _TABLE_EVERY)}\n\n{view.about}\n"
