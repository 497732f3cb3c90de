"""Pages of raw_pump_splits, fitted_scaler and windowed_tensors."""

from collections.abc import Sequence
from itertools import groupby

from bloodtwin_assets.pages.parts import Cell, Page, per_cent, table
from bloodtwin_core.raw_splits import LoadedSplit, RawPumpSplits
from bloodtwin_core.records import FEATURE_UNITS, RECORDS_PER_DAY, TARGET_RANGE, Feature, Split
from bloodtwin_core.scaling import FeatureScaler
from bloodtwin_core.summary import PumpSummary, summarise
from bloodtwin_core.windows import WindowedSeries

LOW, HIGH = (f"{limit:g}" for limit in TARGET_RANGE)

PUMP_COLUMNS = {
    "pump": "Serial number",
    "records": "Five-minute records, all splits together",
    "days": "Records in days",
    "first": "Day of the first record, UTC",
    "last": "Day of the last record, UTC",
    "missing %": "Records without a measured glucose",
}
GLUCOSE_COLUMNS = {
    "pump": "Serial number",
    "mean": "Mean glucose, mg/dL",
    "SD": "Standard deviation of glucose, mg/dL",
    f"<{LOW} %": f"Readings below {LOW} mg/dL",
    "in range %": f"Time in range: readings from {LOW} to {HIGH} mg/dL",
    f">{HIGH} %": f"Readings above {HIGH} mg/dL",
}
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


def raw_splits_page(raw: RawPumpSplits, loaded: Sequence[LoadedSplit]) -> Page:
    """Tables of the pumps."""
    pumps = [
        summarise(pump_id, [split.file.records for split in splits])
        for pump_id, splits in groupby(loaded, key=lambda split: split.pump_id)
    ]
    rows = [_pump_row(pump) for pump in pumps]
    return {
        "pumps": table(rows, PUMP_COLUMNS),
        "glucose (mg/dL)": table(rows, GLUCOSE_COLUMNS),
        "insulin (U/day)": table(rows, INSULIN_COLUMNS),
        "number of pumps": len(rows),
        "records": sum(pump.records for pump in pumps),
        "source": raw.source,
        "fingerprint": raw.fingerprint,
    }


def scaler_page(scaler: FeatureScaler) -> Page:
    """A table of the features."""
    numbers = zip(Feature, scaler.centre, scaler.scale, strict=True)
    rows: list[dict[str, Cell]] = [
        {"feature": feature.value, "unit": FEATURE_UNITS[feature], "centre": centre, "scale": scale}
        for feature, centre, scale in numbers
    ]
    return {"features": table(rows, SCALER_COLUMNS, decimals=4), "training records": scaler.records}


def windows_page(windows: WindowedSeries) -> Page:
    """A table of the splits."""
    return {
        "splits": table([_split_row(windows, split) for split in Split], SPLIT_COLUMNS),
        "training windows": len(windows.origins[Split.train]),
        "lookback (records)": windows.lookback,
        "horizon (records)": windows.horizon,
        "size of the series (MB)": round(windows.series.nbytes / 1e6, 1),
    }


def _pump_row(pump: PumpSummary) -> dict[str, Cell]:
    return {
        "pump": pump.pump_id,
        "records": pump.records,
        "days": pump.records / RECORDS_PER_DAY,
        "first": pump.first.partition("T")[0],
        "last": pump.last.partition("T")[0],
        "missing %": per_cent(pump.missing_share),
        "mean": pump.glucose_mean,
        "SD": pump.glucose_sd,
        f"<{LOW} %": per_cent(pump.below_range),
        "in range %": per_cent(pump.in_range),
        f">{HIGH} %": per_cent(pump.above_range),
        "basal": pump.basal_per_day,
        "bolus": pump.bolus_per_day,
        "basal unknown %": per_cent(pump.basal_unknown_share),
    }


def _split_row(windows: WindowedSeries, split: Split) -> dict[str, Cell]:
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
