"""Pages of raw_pump_splits, fitted_scaler and windowed_tensors."""

from collections.abc import Sequence
from itertools import groupby

from bloodtwin_assets.common.metadata import CellValue, Metadata, glucose, per_cent, picture, table
from bloodtwin_assets.data.insulin_tables import insulin_tables
from bloodtwin_core.events.repairs import MEANINGS, read_repairs
from bloodtwin_core.pipeline.records import compared_by_pump
from bloodtwin_core.records import FEATURE_TABLE, RECORDS_PER_DAY, TARGET_RANGE, PumpRecords, Split
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.records.raw_splits import LoadedSplit, RawPumpSplits
from bloodtwin_core.records.summary import PumpSummary, long_gaps, summarise
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.scaler import FeatureScaler

PUMP_COLUMNS = {
    "pump": "Serial number",
    "records": "Five-minute records, all splits together",
    "days": "Records in days",
    "first": "Day of the first record, UTC",
    "last": "Day of the last record, UTC",
    "missing %": "Records without a measured glucose",
    "gaps": "Stretches without a reading that are longer than data.max_gap_hours",
    "days lost": "Days that lie in those gaps",
}
REPAIR_COLUMNS = {
    "pump": "Serial number",
    "repair": "What had to be repaired in the source's events",
    "count": "How often, or how many U",
}
CALENDARS_SHOWN = 24
"""Pumps whose calendar stands on the page, which would else become slow."""
INSULIN_COLUMNS = {
    "pump": "Serial number",
    "basal": "Basal insulin over the records whose rate is known, U/day",
    "bolus": "Bolus insulin, U/day",
    "basal unknown %": "Records whose basal rate is not known",
}
SCALER_COLUMNS = {
    "feature": "Its name in records and files",
    "unit": "Its physical unit",
    "centre": "Median over the training records",
    "scale": "Interquartile range; 1 where a feature has no spread",
}
SPLIT_COLUMNS = {
    "split": "Part of the history",
    "segments": "Runs of records without a break",
    "records": "Five-minute records",
    "missing %": "Records without a measured glucose",
    "available": "Forecast origins with a fresh reading and most of the lookback measured",
    "complete": "Those with every reading of lookback and targets measured",
}


def _glucose_columns(unit: GlucoseUnit) -> dict[str, str]:
    low, high = (unit.text(limit) for limit in TARGET_RANGE)
    return {
        "pump": "Serial number",
        "mean": f"Mean glucose, {unit}",
        "SD": f"Standard deviation of glucose, {unit}",
        f"<{low} %": f"Readings below {low} {unit}",
        "in range %": f"Time in range: readings from {low} to {high} {unit}",
        f">{high} %": f"Readings above {high} {unit}",
    }


def raw_splits_page(
    raw: RawPumpSplits, loaded: Sequence[LoadedSplit], max_gap_hours: float, unit: GlucoseUnit = GlucoseUnit.mg_dl
) -> Metadata:
    """Tables of the pumps, what was repaired, what sources state, and a calendar of each pump's days."""
    from bloodtwin_core.reporting.plots.calendar import coverage_calendar

    by_pump = {pump_id: list(splits) for pump_id, splits in groupby(loaded, key=lambda split: split.pump_id)}
    histories = {pump_id: [split.file.records for split in splits] for pump_id, splits in by_pump.items()}
    pumps = [summarise(pump_id, parts) for pump_id, parts in histories.items()]
    rows = [{**_pump_row(pump, unit), **_gaps(histories[pump.pump_id], max_gap_hours)} for pump in pumps]
    repairs = [row for pump_id, splits in by_pump.items() for row in _repair_rows(pump_id, splits[0])]
    calendars = {
        f"coverage of {pump_id}": picture(coverage_calendar(pump_id, parts), f"Days with readings of pump {pump_id}")
        for pump_id, parts in list(histories.items())[:CALENDARS_SHOWN]
    }
    return {
        "pumps": table(rows, PUMP_COLUMNS),
        f"glucose ({unit})": table(rows, _glucose_columns(unit)),
        "insulin (U/day)": table(rows, INSULIN_COLUMNS),
        "repairs": table(repairs, REPAIR_COLUMNS) if repairs else "nothing had to be repaired",
        **insulin_tables(compared_by_pump(loaded), histories),
        "number of pumps": len(rows),
        "records": sum(pump.records for pump in pumps),
        "source": raw.source,
        "train-only": ", ".join(raw.train_only_pump_ids) or "nobody",
        "held out (only tested)": ", ".join(raw.held_out_pump_ids) or "nobody",
        "fingerprint": raw.fingerprint,
        **calendars,
    }


def scaler_page(scaler: FeatureScaler) -> Metadata:
    """A table of the features."""
    numbers = zip(scaler.features, scaler.centre, scaler.scale, strict=True)
    rows: list[dict[str, CellValue]] = [
        {"feature": feature, "unit": FEATURE_TABLE[feature].unit, "centre": centre, "scale": scale}
        for feature, centre, scale in numbers
    ]
    return {"features": table(rows, SCALER_COLUMNS, decimals=4), "training records": scaler.records}


def windows_page(windows: WindowedSeries) -> Metadata:
    """A table of the splits."""
    return {
        "splits": table([_split_row(windows, split) for split in Split], SPLIT_COLUMNS),
        "training windows": len(windows.origins[Split.train]),
        "lookback (records)": windows.lookback,
        "horizon (records)": windows.horizon,
        "size of the series (MB)": round(windows.series.nbytes / 1e6, 1),
    }


def _gaps(parts: Sequence[PumpRecords], max_gap_hours: float) -> dict[str, CellValue]:
    gaps = long_gaps(parts, max_gap_hours)
    return {"gaps": gaps.count, "days lost": gaps.days}


def _repair_rows(pump_id: str, split: LoadedSplit) -> list[dict[str, CellValue]]:
    """The repairs of a pump's whole history, which the header of each of its split files states."""
    repairs = read_repairs(split.file.header)
    return [
        {"pump": pump_id, "repair": f"{MEANINGS[kind]}{repairs.names_of(kind)}", "count": count}
        for kind, count in repairs
    ]


def _pump_row(pump: PumpSummary, unit: GlucoseUnit) -> dict[str, CellValue]:
    low, high = (unit.text(limit) for limit in TARGET_RANGE)
    return {
        "pump": pump.pump_id,
        "records": pump.records,
        "days": pump.records / RECORDS_PER_DAY,
        "first": pump.first.partition("T")[0],
        "last": pump.last.partition("T")[0],
        "missing %": per_cent(pump.missing_share),
        "mean": glucose(pump.glucose_mean, unit),
        "SD": glucose(pump.glucose_sd, unit),
        f"<{low} %": per_cent(pump.below_range),
        "in range %": per_cent(pump.in_range),
        f">{high} %": per_cent(pump.above_range),
        "basal": pump.basal_per_day,
        "bolus": pump.bolus_per_day,
        "basal unknown %": per_cent(pump.basal_unknown_share),
    }


def _split_row(windows: WindowedSeries, split: Split) -> dict[str, CellValue]:
    segments = windows.segments_of(split)
    records = sum(segment.stop - segment.start for segment in segments)
    measured = sum(int(windows.measured[segment.start : segment.stop].sum()) for segment in segments)
    return {
        "split": split.value,
        "segments": len(segments),
        "records": records,
        "missing %": per_cent(1 - measured / records) if records else None,
        "available": len(windows.origins[split]),
        "complete": int(windows.origins[split].complete.sum()),
    }
