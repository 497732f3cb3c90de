"""The page of the latest forecasts."""

from pathlib import Path

import dagster as dg

from bloodtwin_assets.common.metadata import CellValue, Metadata, glucose, table
from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.service.latest import Latest
from bloodtwin_core.serving.outlook import Outlook

COLUMNS = {
    "pump": "Serial number, or the name in the settings",
    "reading": "The last reading",
    "in 30 min": "What is forecast for then",
    "at the end": "What is forecast for the last step",
    "why": "Why there is no forecast, or what is doubted",
}


def latest_page(latest: Latest, path: Path, unit: GlucoseUnit = GlucoseUnit.mg_dl) -> Metadata:
    """A row a pump."""
    return {
        f"forecasts, {unit}": table([_row(outlook, unit) for outlook in latest.outlooks], COLUMNS, unit.decimals),
        "with a forecast": sum(outlook.forecast is not None for outlook in latest.outlooks),
        "file": dg.PathMetadataValue(str(path)),
    }


def idle_page(source: str) -> Metadata:
    """That nothing was done, and why."""
    return {"nothing to forecast": f"data.source is {source}, which tells nothing of now"}


def _row(outlook: Outlook, unit: GlucoseUnit) -> dict[str, CellValue]:
    ahead = None if outlook.forecast is None else outlook.forecast.glucose
    half_hour = 30 // RECORD_MINUTES - 1
    return {
        "pump": outlook.wearer,
        "reading": glucose(None if outlook.reading is None else outlook.reading.glucose, unit, 0),
        "in 30 min": glucose(None if ahead is None else float(ahead[min(half_hour, len(ahead) - 1)]), unit, 0),
        "at the end": glucose(None if ahead is None else float(ahead[-1]), unit, 0),
        "why": " ".join(doubt.sentence for doubt in (*outlook.refusals, *outlook.doubts)) or None,
    }
