"""Tables on how sure forecasts are and what errors would mean for the wearers, for the page of test_results."""

from collections.abc import Mapping, Sequence

import dagster as dg

from bloodtwin_assets.common.metadata import CellValue, glucose, per_cent, table
from bloodtwin_core.evaluation.baselines import warning_baselines
from bloodtwin_core.evaluation.clinical.alarms import AlarmResults
from bloodtwin_core.evaluation.clinical.error_grids import ZoneShares
from bloodtwin_core.evaluation.clinical.results import Clinical
from bloodtwin_core.evaluation.coverage_targets import JUDGED_BAND
from bloodtwin_core.evaluation.figures import Interval
from bloodtwin_core.evaluation.metrics import step_at
from bloodtwin_core.evaluation.uncertainty import Uncertainty
from bloodtwin_core.records import TARGET_RANGE
from bloodtwin_core.records.glucose_ranges import range_shown
from bloodtwin_core.records.glucose_units import GlucoseUnit

_BAND_COLUMNS = {
    "minutes ahead": "Or the range of the reading at the origin, {unit}",
    "holds %": "Readings inside the band that should hold 80 %",
    "holds, 95 %": "95 % interval of that, by drawing test days anew",
    "width": "Mean width of the band, {unit}",
    "pinball loss": "Mean over all quantiles, {unit}; lower is better",
    "of persistence": "The same of the last reading with the changes of the training windows around it, {unit}",
}
_MEANING_COLUMNS = {
    "minutes ahead": "At that moment alone",
    "forecaster": "bloodTwin, or what stands beside it",
    "Clarke A %": "Error grid of Clarke et al. 1987: accurate enough",
    "Clarke B %": "Off, but treated alike or without harm",
    "Clarke C to E %": "Treated where it should not be, not treated where it should be, or treated the wrong way",
    "Parkes A %": "Consensus error grid, type 1 (Parkes et al. 2000): no effect on what one does",
    "Parkes B %": "Little or no effect on what comes of it",
    "Parkes C to E %": "Likely effect up to dangerous consequences",
    "gRMSE": "Glucose-specific RMSE (Del Favero et al. 2012), {unit}",
}
_ALARM_COLUMNS = {
    "alarm": "What is announced: below {low} or above {high} {unit}",
    "minutes": "How far ahead alarms look",
    "forecaster": "bloodTwin, or what stands beside it; persistence never announces anything",
    "events": "Events that could have been announced",
    "announced %": "Sensitivity",
    "true %": "Precision: alarms that an event followed",
    "false a day": "False alarms a day",
    "lead": "Median minutes from the first alarm to the event",
}


def _columns(columns: Mapping[str, str], unit: GlucoseUnit) -> dict[str, str]:
    low, high = (unit.text(limit) for limit in TARGET_RANGE)
    return {name: meaning.format(unit=unit, low=low, high=high) for name, meaning in columns.items()}


def bands_table(uncertainty: Uncertainty, reported: Sequence[int], unit: GlucoseUnit) -> dg.TableMetadataValue:
    """What the 80 % band held and how wide it is, by reported time and by range of the reading at the origin."""
    calibration = uncertainty.calibration
    band = calibration.pooled.band(JUDGED_BAND)
    rows: list[dict[str, CellValue]] = [
        {
            "minutes ahead": str(minutes),
            "holds %": _per_cent(band.share[step_at(minutes) - 1]),
            "holds, 95 %": _interval(uncertainty.judged_band[step_at(minutes) - 1]),
            "width": glucose(band.width[step_at(minutes) - 1], unit),
            "pinball loss": glucose(calibration.pinball[step_at(minutes) - 1], unit),
            "of persistence": glucose(uncertainty.persistence_pinball[step_at(minutes) - 1], unit),
        }
        for minutes in reported
    ]
    for name, group in calibration.by_origin_range.items():
        held = group.band(JUDGED_BAND)
        rows.append(
            {
                "minutes ahead": f"from {range_shown(name, unit)} {unit}",
                "holds %": _per_cent(held.overall_share),
                "holds, 95 %": None,
                "width": glucose(held.overall_width, unit),
                "pinball loss": None,
                "of persistence": None,
            }
        )
    return table(rows, _columns(_BAND_COLUMNS, unit), decimals=3)


def meaning_table(clinical: Clinical, reported: Sequence[int], unit: GlucoseUnit) -> dg.TableMetadataValue:
    """Zone shares of both error grids and the glucose-specific RMSE of all forecasters."""
    forecasters = {"bloodTwin": clinical.model, **clinical.beside}
    rows: list[dict[str, CellValue]] = [
        {
            "minutes ahead": minutes,
            "forecaster": name,
            **_zones("Clarke", grids.clarke),
            **_zones("Parkes", grids.parkes),
            "gRMSE": glucose(forecaster.glucose_specific_rmse[step_at(minutes) - 1], unit),
        }
        for minutes in reported
        for name, forecaster in forecasters.items()
        for grids in forecaster.error_grids
        if grids.minutes == minutes
    ]
    return table(rows, _columns(_MEANING_COLUMNS, unit), decimals=3)


def alarms_table(clinical: Clinical, unit: GlucoseUnit) -> dg.TableMetadataValue:
    """What alarms from forecasts were worth, by event."""
    rows = [
        {"alarm": alarms.threshold, "minutes": alarms.minutes, "forecaster": name, **_alarms(results)}
        for alarms in clinical.alarms
        for name, results in {"bloodTwin": alarms.model, **warning_baselines(alarms.beside)}.items()
    ]
    return table(rows, _columns(_ALARM_COLUMNS, unit))


def _zones(grid: str, shares: ZoneShares) -> dict[str, CellValue]:
    known = [share for share in (shares.C, shares.D, shares.E) if share is not None]
    return {
        f"{grid} A %": _per_cent(shares.A),
        f"{grid} B %": _per_cent(shares.B),
        f"{grid} C to E %": _per_cent(sum(known) if known else None),
    }


def _alarms(worth: AlarmResults) -> dict[str, CellValue]:
    return {
        "events": worth.events,
        "announced %": _per_cent(worth.sensitivity),
        "true %": _per_cent(worth.precision),
        "false a day": worth.false_alarms_per_day,
        "lead": worth.median_lead_minutes,
    }


def _interval(interval: Interval | None) -> str | None:
    return None if interval is None else f"{per_cent(interval.low):.1f} to {per_cent(interval.high):.1f}"


def _per_cent(share: float | None) -> float | None:
    return None if share is None else round(per_cent(share), 2)
