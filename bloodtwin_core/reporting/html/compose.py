"""The whole page, from the opening to what was tested."""

from collections.abc import Sequence

from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.reporting.html.accuracy import error_section, groups_section, pumps_section
from bloodtwin_core.reporting.html.alarms import alarms_section
from bloodtwin_core.reporting.html.attention import attention_section
from bloodtwin_core.reporting.html.clinical import grids_section
from bloodtwin_core.reporting.html.examples import days_section
from bloodtwin_core.reporting.html.headline_of_results import headline_of
from bloodtwin_core.reporting.html.insulin import insulin_section
from bloodtwin_core.reporting.html.material import Material
from bloodtwin_core.reporting.html.narrative import narrative
from bloodtwin_core.reporting.html.opening import opening
from bloodtwin_core.reporting.html.page import ReportPage
from bloodtwin_core.reporting.html.parts import Picture, Section
from bloodtwin_core.reporting.html.uncertainty import disagreement_section, uncertainty_section

TELLING = {
    "parkes": "error grid",
    "coverage": "coverage by horizon",
    "alarms-hypoglycaemia": "alarms for lows",
    "ranges": "error by glucose range",
    "day-worst": "worst day",
    "attention-by-age": "attention",
}
"""Pictures that tell most, by how their names begin, and what they are called where they stand alone."""


def telling_pictures(page: ReportPage) -> dict[str, Picture]:
    """The most telling pictures of a page by what they are called; of several alike, the last."""
    telling = {}
    for picture in (picture for section in page.sections for picture in section.pictures):
        for beginning, name in TELLING.items():
            if picture.name.startswith(beginning):
                telling[name] = picture
    return telling


def report_page(material: Material) -> ReportPage:
    """The report on one test."""
    results, headline = material.results, headline_of(material)
    about = [
        ("Model", material.name),
        ("Version", results.tested.model_version),
        ("Checkpoint (sha256)", results.tested.checkpoint_sha256),
        ("Data (fingerprint)", results.tested.data_fingerprint),
        ("Looks back on", f"{results.lookback * RECORD_MINUTES / 60:g} hours"),
        ("Forecasts", f"{results.horizon * RECORD_MINUTES} minutes, every {RECORD_MINUTES}"),
        *(("Note", note) for note in results.notes),
    ]
    return ReportPage(
        title=f"How far to trust {material.name}",
        opening=opening(headline),
        about=about,
        sections=_sections(material, narrative(headline)),
    )


def _sections(material: Material, words: Sequence[str]) -> list[Section]:
    if not len(material.forecasts):
        return []
    sections: list[Section | None] = [
        Section("words", "In plain words", words),
        error_section(material),
        grids_section(material) if material.results.clinical.model.error_grids else None,
        alarms_section(material) if material.results.clinical.alarms else None,
        uncertainty_section(material),
        groups_section(material),
        days_section(material),
        pumps_section(material),
        disagreement_section(material),
        None if (asked := material.results.insulin_response) is None else insulin_section(asked, material.unit),
        None if material.attended is None else attention_section(material.attended, material.unit),
    ]
    return [section for section in sections if section is not None]
