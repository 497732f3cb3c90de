"""Page of evaluation_report."""

from pathlib import Path

import dagster as dg

from bloodtwin_assets.pages.parts import Page, picture
from bloodtwin_core.evaluation.report import Page as Report


def report_metadata(report: Report, path: Path, pictures: dict[str, bytes]) -> Page:
    """The opening, where the file lies, and the most telling pictures."""
    return {
        "in plain words": dg.MarkdownMetadataValue(report.opening),
        "report": dg.PathMetadataValue(str(path.resolve())),
        **{name: picture(png, name) for name, png in pictures.items()},
    }
