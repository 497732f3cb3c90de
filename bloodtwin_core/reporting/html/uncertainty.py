"""Sections on whether the forecaster knows how sure it is: bands, calibration, and an ensemble's disagreement."""

from collections.abc import Mapping, Sequence

import numpy as np

from bloodtwin_core.evaluation.coverage import CoverageResult, GroupCoverage, Means
from bloodtwin_core.evaluation.coverage_targets import AT_EVERY_STEP, JUDGED_BAND
from bloodtwin_core.evaluation.metrics import step_at
from bloodtwin_core.evaluation.uncertainty import Uncertainty
from bloodtwin_core.records.glucose_ranges import range_shown
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.html.material import Material
from bloodtwin_core.reporting.html.narrative import share
from bloodtwin_core.reporting.html.parts import (
    HtmlCell,
    HtmlTable,
    Picture,
    Section,
    count_cell,
    glucose_cell,
    share_cell,
)
from bloodtwin_core.reporting.plots.errors import numbers
from bloodtwin_core.reporting.plots.uncertainty import Shares, calibration_figure, coverage_figure, disagreement_figure

WORDS = (
    "Beside each forecast stand quantiles: the 80 % band between the 10 % and the 90 % quantile should hold 80 % of "
    "the readings, whatever the horizon and the glucose. A band that holds fewer is overconfident, one that holds more "
    "is wider than it need be. Width is how wide the band is; pinball loss weighs being right and being narrow "
    "together (the lower, the better).",
    "Ranges of the reading at the origin are known when the forecast is made, so bands should hold there. In ranges of "
    "the reading that came no band can: to look where glucose turned out extreme is to look where forecasts were most "
    "surprised.",
)
NO_BANDS = "The forecaster gives one number for each moment and does not say how sure it is."
DISAGREEMENT_WORDS = (
    "The forecaster is an ensemble. Where its members disagree more, its error should be larger: if the line rises, "
    "disagreement is a warning that can be used."
)


def uncertainty_section(material: Material) -> Section:
    """Coverage and calibration, if there are quantiles."""
    uncertainty = material.results.uncertainty
    if uncertainty is None:
        return Section("uncertainty", "How sure it is", [NO_BANDS])
    calibration, unit = uncertainty.calibration, material.unit
    tables = [
        _ranges_table("Ranges of the reading at the origin", calibration.by_origin_range, calibration.pooled, unit),
        _ranges_table("Ranges of the reading that came", calibration.by_target_range, calibration.pooled, unit),
        _steps_table(uncertainty, material.reported, unit),
        _targets_table(uncertainty, unit),
    ]
    pictures = [_coverage(calibration), _calibration(calibration, material.judged)]
    return Section("uncertainty", "How sure it is", WORDS, tables, pictures)


def disagreement_section(material: Material) -> Section | None:
    """How an ensemble's disagreement goes with its error; None without an ensemble."""
    forecasts, minutes = material.forecasts, material.judged[-1]
    step = step_at(minutes) - 1
    if forecasts.disagreement is None:
        return None
    known = np.asarray(forecasts.measured[:, step])
    disagreement = np.asarray(forecasts.disagreement[known, step], dtype=np.float64)
    if not disagreement.any():
        return None
    reading, forecast = material.at(minutes)
    unit = material.unit
    picture = Picture(
        "disagreement",
        disagreement_figure("Error by disagreement", minutes, disagreement, np.abs(forecast - reading), unit),
        "Each point is a tenth of the windows.",
        f"Line chart: mean error {minutes} minutes ahead against the members' disagreement, in tenths of the windows. "
        f"Mean disagreement {unit.text(float(disagreement.mean()), 1)} {unit}.",
    )
    return Section("disagreement", "Where the members disagree", [DISAGREEMENT_WORDS], pictures=[picture])


def _coverage(calibration: CoverageResult) -> Picture:
    bands = {round(100 * band.nominal): _shares(band.share) for band in calibration.pooled.bands}
    judged = [value for value in calibration.pooled.band(JUDGED_BAND).share if value is not None]
    held = f"from {share(min(judged))} to {share(max(judged))}" if judged else "an unknown share"
    return Picture(
        "coverage",
        coverage_figure("Coverage by horizon", calibration.minutes, bands, AT_EVERY_STEP),
        "Dotted: what each band should hold.",
        f"Line chart of the share of readings inside each band by minutes ahead; the 80 % band holds {held}.",
    )


def _calibration(calibration: CoverageResult, judged: Sequence[int]) -> Picture:
    levels = [each.level for each in calibration.levels]
    observed = {
        minutes: _shares([each.observed[step_at(minutes) - 1] for each in calibration.levels]) for minutes in judged
    }
    said = "; ".join(
        f"{level:.0%}: {' and '.join(f'{shares[place]:.0%}' for shares in observed.values())}"
        for place, level in enumerate(levels)
    )
    ahead = " and ".join(str(minutes) for minutes in judged)
    return Picture(
        "calibration",
        calibration_figure("Calibration", levels, observed),
        "Points on the dotted line are honest; below it on the left and above it on the right, bands are too wide.",
        f"Share of readings at or below each quantile {ahead} minutes ahead. {said}.",
    )


def _ranges_table(
    title: str, ranges: Mapping[str, GroupCoverage], pooled: GroupCoverage, unit: GlucoseUnit
) -> HtmlTable:
    groups = {**{f"{range_shown(name, unit)} {unit}": group for name, group in ranges.items()}, "all": pooled}
    head = ["Range", "readings", *(f"{share(band.nominal)} band holds" for band in pooled.bands), "80 % band's width"]
    rows = [
        [
            HtmlCell(name),
            count_cell(sum(group.measured_targets)),
            *(share_cell(band.overall_share) for band in group.bands),
            glucose_cell(group.band(JUDGED_BAND).overall_width, unit),
        ]
        for name, group in groups.items()
    ]
    return HtmlTable(f"{title}: share of readings within each band over all steps; width in {unit}", head, rows)


def _steps_table(uncertainty: Uncertainty, reported: Sequence[int], unit: GlucoseUnit) -> HtmlTable:
    calibration = uncertainty.calibration
    band, rows = calibration.pooled.band(JUDGED_BAND), []
    for minutes in reported:
        step = step_at(minutes) - 1
        rows.append(
            [
                HtmlCell(str(minutes)),
                share_cell(band.share[step]),
                glucose_cell(band.width[step], unit),
                glucose_cell(calibration.pinball[step], unit, 2),
                glucose_cell(uncertainty.persistence_pinball[step], unit, 2),
            ]
        )
    head = ["Minutes ahead", "80 % band holds", "its width", "pinball loss", "last reading's pinball loss"]
    return HtmlTable(
        f"The 80 % band by how far ahead; width and pinball loss (mean of all quantiles) in {unit}. The last reading "
        "has the changes of the training windows around it as its quantiles.",
        head,
        rows,
    )


def _targets_table(uncertainty: Uncertainty, unit: GlucoseUnit) -> HtmlTable:
    names = (
        "80 % band at every step",
        "80 % band in every range of the reading at the origin",
        "80 % band in every such range at every step",
    )
    rows = [
        [
            HtmlCell(name),
            HtmlCell(f"{share(target.low)} to {share(target.high)}"),
            HtmlCell(target.answer),
            HtmlCell(target.told(unit), words=True),
        ]
        for name, target in zip(names, uncertainty.targets, strict=True)
    ]
    return HtmlTable("What the 80 % band should hold", ["Target", "share", "met", "outcome"], rows)


def _shares(values: Means) -> Shares:
    return np.array(numbers(values))
