"""From what was measured to the headline that the opening speaks of."""

from collections.abc import Iterator, Mapping

import numpy as np

from bloodtwin_core.evaluation.baselines import PERSISTENCE
from bloodtwin_core.evaluation.clinical.alarms import ThresholdAlarms
from bloodtwin_core.evaluation.clinical.error_grids import ZONES, parkes_zones
from bloodtwin_core.evaluation.clinical.events import HYPOGLYCAEMIA
from bloodtwin_core.evaluation.clinical.results import ForecasterMeaning
from bloodtwin_core.evaluation.comparison import Comparison
from bloodtwin_core.evaluation.coverage import CoverageResult
from bloodtwin_core.evaluation.coverage_targets import FEWEST_WINDOWS, JUDGED_BAND
from bloodtwin_core.evaluation.metrics import step_at
from bloodtwin_core.evaluation.results import OutcomeShown, TargetOutcome
from bloodtwin_core.records import TARGET_RANGE
from bloodtwin_core.records.clock import Clock
from bloodtwin_core.records.glucose_ranges import range_shown
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.html.days import pump_days
from bloodtwin_core.reporting.html.headline import Ahead, Bands, Headline, Warnings, Where
from bloodtwin_core.reporting.html.material import Glucoses, Material
from bloodtwin_core.reporting.html.narrative import NEAR_MG_DL, NEAR_SHARE, target_words

FEWEST_READINGS = 100
"""A group with fewer readings is not named as the one where the model errs most."""
CLEARLY = 1.1
"""A group is named only if its MAE is so many times that of all windows."""


def headline_of(material: Material) -> Headline:
    """What the opening says of this test."""
    results = material.results
    lows = material.alarms(HYPOGLYCAEMIA)
    return Headline(
        windows=results.available.windows,
        days=pump_days(material.forecasts),
        pumps=sum(pump.windows > 0 for pump in results.available.pumps.values()),
        unseen_people=material.unseen_people,
        virtual=material.virtual,
        ahead=tuple(_ahead(material)),
        missed=tuple(_missed(each, material.unit) for each in results.missed_targets if each.value is not None),
        worst=tuple(_worst(material)),
        low_bias=_low_bias(material),
        lows=None if lows is None else _warnings(lows, material.unit),
        bands=None if material.calibration is None else _bands(material.calibration, material.unit),
        unit=material.unit,
    )


def _missed(target: TargetOutcome, unit: GlucoseUnit) -> str:
    return f"{target_words(target, unit)} ({OutcomeShown.of(target, unit).value})"


def _ahead(material: Material) -> Iterator[Ahead]:
    pooled = material.results.available.pooled
    for minutes in material.judged:
        step = step_at(minutes)
        mae, beside = pooled.figure("mae", step).value, _beside(pooled, step)
        if mae is None or not beside:
            continue
        interval = pooled.skill_at(step).interval
        reading, forecast = material.at(minutes)
        yield Ahead(
            minutes=minutes,
            mae=mae,
            persistence=beside.pop(PERSISTENCE),
            beside=beside,
            skill_interval=None if interval is None else (interval.low, interval.high),
            near=near_share(reading, forecast),
            harmless=float((parkes_zones(reading, forecast) <= ZONES.index("B")).mean()),
            unseen=_zone_d(material.results.clinical.model, minutes),
            persistence_unseen=_zone_d(material.results.clinical.beside[PERSISTENCE], minutes),
        )


def _zone_d(meaning: ForecasterMeaning, minutes: int) -> float | None:
    """Share in zone D of Clarke's error grid; None where that was not measured so many minutes ahead."""
    return next((grids.clarke.D for grids in meaning.error_grids if grids.minutes == minutes), None)


def _beside(pooled: Comparison, step: int) -> dict[str, float]:
    """MAE (mg/dL) of each baseline, where it was measured."""
    maes = {name: pooled.figure("mae", step, forecaster=name).value for name in pooled.table.baselines}
    return {name: mae for name, mae in maes.items() if mae is not None}


def near_share(reading: Glucoses, forecast: Glucoses) -> float:
    """Share of forecasts (mg/dL, [target]) within 20 mg/dL or 20 % of the reading, whichever is more."""
    allowed = np.maximum(NEAR_MG_DL, NEAR_SHARE * reading)
    return float((np.abs(forecast - reading) <= allowed).mean())


def _worst(material: Material) -> Iterator[Where]:
    """The range, the time of day, the circumstance and the pump where it errs most, if clearly more than on average."""
    available, step = material.results.available, step_at(material.judged[-1])
    average = available.pooled.figure("mae", step).value
    if average is None:
        return
    unit = material.unit
    ranges = {range_shown(name, unit): each for name, each in available.glucose_ranges.items()}
    phrased: tuple[tuple[str, Mapping[str, Comparison]], ...] = (
        (f"where glucose comes to lie {{}} {unit}", ranges),
        (f"from {{}}{' UTC' if material.windows.rules.clock is Clock.utc else ''}", available.times_of_day),
        ("with {}", {label: each for label, each in available.bolus.items() if label.startswith("a ")}),
        ("{}", {label: each for label, each in available.gap.items() if label.startswith("up to")}),
        ("for pump {}", available.pumps if len(available.pumps) > 1 else {}),
    )
    for phrase, groups in phrased:
        known = {
            label: mae
            for label, each in groups.items()
            if (mae := each.figure("mae", step).value) is not None
            and each.targets[step - 1] >= FEWEST_READINGS
            and mae >= CLEARLY * average
        }
        if known:
            label = max(known, key=lambda name: known[name])
            still = groups[label].figure("mae", step, forecaster=PERSISTENCE).value
            yield Where(phrase.format(label), known[label], still)


def _low_bias(material: Material) -> float | None:
    reading, forecast = material.at(material.judged[-1])
    low = reading < TARGET_RANGE[0]
    if low.sum() < FEWEST_READINGS:
        return None
    return float((forecast[low].astype(np.float64) - reading[low]).mean())


def _warnings(alarms: ThresholdAlarms, unit: GlucoseUnit) -> Warnings:
    return Warnings(
        what="low",
        where=f"under {unit.text(alarms.glucose)} {unit}",
        events=alarms.model.events,
        missed=alarms.model.events - alarms.model.announced,
        seen=alarms.model.sensitivity,
        seen_interval=alarms.model.sensitivity_interval,
        false_alarms_per_day=alarms.model.false_alarms_per_day,
        lead_minutes=alarms.model.median_lead_minutes,
    )


def _bands(calibration: CoverageResult, unit: GlucoseUnit) -> Bands | None:
    held = [value for value in calibration.pooled.band(JUDGED_BAND).share if value is not None]
    if not held:
        return None
    ranges = {
        f"where the last reading was {range_shown(name, unit)} {unit}": value
        for name, group in calibration.by_origin_range.items()
        if group.windows > FEWEST_WINDOWS and (value := group.band(JUDGED_BAND).overall_share) is not None
    }
    worst = max(ranges, key=lambda place: abs(ranges[place] - JUDGED_BAND), default=None)
    return Bands(min(held), max(held), worst, None if worst is None else ranges[worst])
