"""The page of the latest forecasts."""

from pathlib import Path

import dagster as dg

from bloodtwin_assets.common.metadata import CellValue, Metadata, table
from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.service.latest import Latest
from bloodtwin_core.serving.outlook import Outlook

COLUMNS = {
    "pump": "Serial number, or the name in the settings",
    "reading (mg/dL)": "The last reading",
    "in 30 min (mg/dL)": "What is forecast for then",
    "at the end (mg/dL)": "What is forecast for the last step",
    "why": "Why there is no forecast, or what is doubted",
}


def latest_page(latest: Latest, path: Path) -> Metadata:
    """A row a pump."""
    return {
        "forecasts": table([_row(outlook) for outlook in latest.outlooks], COLUMNS, decimals=0),
        "with a forecast": sum(outlook.forecast is not None for outlook in latest.outlooks),
        "file": dg.PathMetadataValue(str(path)),
    }


def idle_page(source: str) -> Metadata:
    """That nothing was done, and why."""
    return {"nothing to forecast": f"data.source is {source}, which tells nothing of now"}


def _row(outlook: Outlook) -> dict[str, CellValue]:
    ahead = None if outlook.forecast is None else outlook.forecast.glucose
    half_hour = 30 // RECORD_MINUTES - 1
    return {
        "pump": outlook.wearer,
        "reading (mg/dL)": None if outlook.reading is None else outlook.reading.glucose,
        "in 30 min (mg/dL)": None if ahead is None else float(ahead[min(half_hour, len(ahead) - 1)]),
        "at the end (mg/dL)": None if ahead is None else float(ahead[-1]),
        "why": " ".join(doubt.sentence for doubt in (*outlook.refusals, *outlook.doubts)) or None,
    }
