"""Pages of the event histories."""

from collections.abc import Sequence

from bloodtwin_assets.common.metadata import CellValue, Metadata, table
from bloodtwin_core.sources.fetching import FetchReport

FETCHED_COLUMNS = {
    "pump": "Serial number, or the name in the settings",
    "new": "Rows that this run brought",
    "known": "Rows on disk, those included",
    "asked from": "First day that this run asked for",
    "asked to": "Last day that this run asked for",
}


def fetched_page(reports: Sequence[FetchReport]) -> Metadata:
    """A table of the pumps."""
    rows = [_row(report) for report in reports]
    return {
        "pumps": table(rows, FETCHED_COLUMNS),
        "new rows": sum(report.new for report in reports),
        "known rows": sum(report.total for report in reports),
    }


def idle_page(source: str) -> Metadata:
    """That nothing was done, and why."""
    return {"nothing to fetch": f"data.source is {source}"}


def _row(report: FetchReport) -> dict[str, CellValue]:
    return {
        "pump": report.pump_id,
        "new": report.new,
        "known": report.total,
        "asked from": str(report.first) if report.first is not None else None,
        "asked to": str(report.last) if report.last is not None else None,
    }
