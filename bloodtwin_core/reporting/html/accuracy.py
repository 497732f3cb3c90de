"""Sections on how far forecasts are off: by horizon, by circumstances, by pump."""

from collections.abc import Mapping, Sequence

from bloodtwin_core.evaluation.baselines import PERSISTENCE, baseline_named
from bloodtwin_core.evaluation.comparison import Comparison
from bloodtwin_core.evaluation.figures import Interval
from bloodtwin_core.evaluation.forecasts import MODEL
from bloodtwin_core.evaluation.metrics import MG_DL, Metric, metric_named, step_at
from bloodtwin_core.evaluation.window_set import WindowSetResults
from bloodtwin_core.records.clock import Clock
from bloodtwin_core.records.glucose_ranges import range_shown
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.html.material import Material
from bloodtwin_core.reporting.html.narrative import listed, target_words
from bloodtwin_core.reporting.html.parts import (
    INTERVAL_LABEL,
    NOT_KNOWN,
    HtmlCell,
    HtmlTable,
    Picture,
    Section,
    count_cell,
    figure_cell,
    glucose_cell,
    skill_cell,
)
from bloodtwin_core.reporting.plots.errors import GroupError, groups_figure, horizon_figure

ALL = "all"
ERRORS_WORDS = (
    "Errors are of the forecast for one moment (AT), in {unit}. MAE is the mean size of the error; RMSE weighs large "
    "errors more; bias is the mean of forecast minus reading. Beside the model stand simpler forecasters: {baselines}. "
    "Skill is the MAE divided by that of persistence, the last reading: below 1 is better. Intervals (95 %) tell how a "
    "figure would vary on other days of the same wearers."
)
SETS_WORDS = (
    "Complete windows have every reading that a forecast looks back on and that it is held against; available ones may "
    "have gaps, as in daily life."
)
GROUPS_WORDS = (
    "Glucose ranges are those of the reading forecast for; times of day those of the moment at which the forecast was "
    "made, {clock}. A forecaster tends to the middle: where glucose turns out very low it has said too much, where "
    "very high too little, and the bias shows by how much."
)
CLOCKS = {
    Clock.local: "on the wearers' clocks",
    Clock.utc: "in UTC, since nobody knows where the wearers live",
    Clock.mixed: "on the wearers' clocks, and in UTC where nobody knows where a wearer lives",
    None: "on the clock of the records",
}
"""Whose times of day they are, by what the windows tell."""


def error_section(material: Material) -> Section:
    """Error by horizon, and the headline figures of both window sets."""
    available, unit = material.results.available, material.unit
    errors = available.error_by_step
    limits = {
        minutes: (interval.low, interval.high)
        for minutes in material.reported
        if (interval := mae_interval(available.pooled, minutes)) is not None
    }
    baselines = [baseline_named(name) for name in available.table.baselines]
    beside = listed([f"{shown(errors[baseline.name][-1], unit)} for {baseline.called}" for baseline in baselines])
    picture = Picture(
        "horizon",
        horizon_figure(available, material.settings, "Error by horizon", limits),
        f"Mean error by how far ahead, on {available.windows:,} available windows: the lower, the better.",
        f"Line chart of the mean error by minutes ahead. At {errors['minutes'][-1]} minutes it is "
        f"{shown(errors[MODEL][-1], unit)} {unit} for the model, {beside}.",
    )
    sets = (("available", available), ("complete", material.results.complete))
    tables = [_errors_table(material, name, window_set) for name, window_set in sets if window_set.windows]
    told = listed([f"{baseline.called} {baseline.does}" for baseline in baselines])
    words = [ERRORS_WORDS.format(baselines=told, unit=unit), SETS_WORDS]
    return Section("error", "How far it is off", words, [*tables, _targets_table(material)], [picture])


def groups_section(material: Material) -> Section:
    """Error by glucose range, time of day, and what happened before the forecast."""
    available, unit = material.results.available, material.unit
    minutes = material.judged[-1]
    ranges = {range_shown(name, unit): each for name, each in available.glucose_ranges.items()}
    pictures = [
        _groups_picture(f"Error by glucose range ({unit})", "ranges", ranges, minutes, unit),
        _groups_picture("Error by time of day", "times", available.times_of_day, minutes, unit),
    ]
    step, baselines = step_at(minutes), available.table.baselines
    rows = [
        [
            HtmlCell(label),
            count_cell(each.targets[step - 1]),
            glucose_cell(each.figure("mae", step).value, unit),
            interval_cell(mae_interval(each, minutes), unit),
            glucose_cell(each.figure("bias", step).value, unit),
            skill_cell(each.skill_at(step).value),
            *_beside(each, step, unit),
        ]
        for label, each in available.groups(unit).items()
    ]
    head = ["Group", "readings", "MAE", INTERVAL_LABEL, "bias", "skill", *_titles(baselines)]
    caption = f"Errors ({unit}) {minutes} minutes ahead by group of available windows"
    words = GROUPS_WORDS.format(clock=CLOCKS[material.windows.rules.clock])
    return Section("groups", "Where it fails", [words], [HtmlTable(caption, head, rows)], pictures)


def pumps_section(material: Material) -> Section:
    """A row for each pump, in a table for each time ahead that has a target."""
    return Section("pumps", "Pump by pump", [], [_pumps_table(material, minutes) for minutes in material.judged])


def _pumps_table(material: Material, minutes: int) -> HtmlTable:
    available, unit, step = material.results.available, material.unit, step_at(minutes)
    pumps = {**available.pumps, ALL: available.pooled} if len(available.pumps) > 1 else available.pumps
    head = ["Pump", "windows", "MAE", INTERVAL_LABEL, "skill", *_titles(available.table.baselines)]
    rows = [
        [
            HtmlCell(pump),
            count_cell(each.windows),
            glucose_cell(each.figure("mae", step).value, unit),
            interval_cell(mae_interval(each, minutes), unit),
            skill_cell(each.skill_at(step).value),
            *_beside(each, step, unit),
        ]
        for pump, each in pumps.items()
    ]
    caption = (
        f"Error {minutes} minutes ahead by pump ({unit}) on available windows, and the skill with a bar: the shorter, "
        "the better; a full bar is no better than the last reading."
    )
    return HtmlTable(caption, head, rows)


def mae_interval(comparison: Comparison, minutes: int) -> Interval | None:
    """The confidence interval of the model's MAE (mg/dL) so many minutes ahead, where there is one."""
    return comparison.figure("mae", step_at(minutes)).interval


def interval_cell(interval: Interval | None, unit: GlucoseUnit) -> HtmlCell:
    """From low to high, or a dash."""
    return HtmlCell(NOT_KNOWN if interval is None else f"{unit.text(interval.low, 1)} to {unit.text(interval.high, 1)}")


def shown(value: float | None, unit: GlucoseUnit) -> str:
    """An error in a sentence."""
    return "unknown" if value is None else unit.text(value, 1)


def _errors_table(material: Material, name: str, window_set: WindowSetResults) -> HtmlTable:
    pooled, baselines = window_set.pooled, window_set.table.baselines
    others = [metric for metric in map(metric_named, window_set.table.metrics) if metric.name != "mae"]
    head, unit = ["Minutes ahead", "MAE", INTERVAL_LABEL, *_titles(baselines), "skill"], material.unit
    head += map(_head, others)
    rows = []
    for minutes in material.reported:
        step = step_at(minutes)
        rows.append(
            [
                HtmlCell(str(minutes)),
                glucose_cell(pooled.figure("mae", step).value, unit, 2),
                interval_cell(mae_interval(pooled, minutes), unit),
                *_beside(pooled, step, unit, 2),
                skill_cell(pooled.skill_at(step).value),
                *(_metric_cell(metric, pooled.figure(metric.name, step).value, unit) for metric in others),
            ]
        )
    return HtmlTable(f"Errors ({unit}) on {window_set.windows:,} {name} windows, all pumps together", head, rows)


def _head(metric: Metric) -> str:
    return metric.title if metric.unit == MG_DL else f"{metric.title} ({metric.unit})"


def _metric_cell(metric: Metric, value: float | None, unit: GlucoseUnit) -> HtmlCell:
    if metric.unit == MG_DL:
        return glucose_cell(value, unit, metric.decimals)
    return figure_cell(value, metric.decimals)


def _titles(baselines: Sequence[str]) -> list[str]:
    return [baseline_named(name).title for name in baselines]


def _targets_table(material: Material) -> HtmlTable:
    unit = material.unit
    rows = [
        [HtmlCell(target_words(target, unit)), HtmlCell(target.answer), HtmlCell(target.told(unit), words=True)]
        for target in material.results.targets
    ]
    return HtmlTable("Targets, on complete windows", ["Target", "met", "outcome"], rows)


def _groups_picture(
    title: str, name: str, groups: Mapping[str, Comparison], minutes: int, unit: GlucoseUnit
) -> Picture:
    step = step_at(minutes)
    errors = [
        GroupError(label, each.figure("mae", step).value, each.figure("mae", step, forecaster=PERSISTENCE).value)
        for label, each in groups.items()
    ]
    said = "; ".join(f"{error.label}: {shown(error.model, unit)}" for error in errors)
    return Picture(
        name,
        groups_figure(title, errors, minutes, unit),
        "A bar that ends short of the mark errs less than the last reading.",
        f"{title}, {minutes} minutes ahead, bars of the model's mean error in {unit}. {said}.",
    )


def _beside(comparison: Comparison, step: int, unit: GlucoseUnit, decimals: int = 1) -> list[HtmlCell]:
    """The MAE of each baseline."""
    maes = (comparison.figure("mae", step, forecaster=name).value for name in comparison.table.baselines)
    return [glucose_cell(mae, unit, decimals) for mae in maes]
