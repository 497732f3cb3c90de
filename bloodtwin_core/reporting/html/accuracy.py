"""Sections on how far forecasts are off: by horizon, by circumstances, by pump."""

from collections.abc import Mapping, Sequence

from bloodtwin_core.evaluation.baselines import PERSISTENCE, baseline_named
from bloodtwin_core.evaluation.comparison import Comparison
from bloodtwin_core.evaluation.figures import Interval
from bloodtwin_core.evaluation.forecasts import MODEL
from bloodtwin_core.evaluation.metrics import MG_DL, Metric, metric_named, step_at
from bloodtwin_core.evaluation.window_set import WindowSetResults
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
    skill_cell,
)
from bloodtwin_core.reporting.plots.errors import GroupError, groups_figure, horizon_figure

ALL = "all"
ERRORS_WORDS = (
    "Errors are of the forecast for one moment (AT), in mg/dL. MAE is the mean size of the error; RMSE weighs large "
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
    "made. A forecaster tends to the middle: where glucose turns out very low it has said too much, where very high "
    "too little, and the bias shows by how much."
)


def error_section(material: Material) -> Section:
    """Error by horizon, and the headline figures of both window sets."""
    available = material.results.available
    errors = available.error_by_step
    limits = {
        minutes: (interval.low, interval.high)
        for minutes in material.reported
        if (interval := mae_interval(available.pooled, minutes)) is not None
    }
    baselines = [baseline_named(name) for name in available.table.baselines]
    beside = listed([f"{shown(errors[baseline.name][-1])} for {baseline.called}" for baseline in baselines])
    picture = Picture(
        "horizon",
        horizon_figure(available, material.settings, "Error by horizon", limits),
        f"Mean error by how far ahead, on {available.windows:,} available windows: the lower, the better.",
        f"Line chart of the mean error by minutes ahead. At {errors['minutes'][-1]} minutes it is "
        f"{shown(errors[MODEL][-1])} mg/dL for the model, {beside}.",
    )
    sets = (("available", available), ("complete", material.results.complete))
    tables = [_errors_table(material, name, window_set) for name, window_set in sets if window_set.windows]
    told = listed([f"{baseline.called} {baseline.does}" for baseline in baselines])
    words = [ERRORS_WORDS.format(baselines=told), SETS_WORDS]
    return Section("error", "How far it is off", words, [*tables, _targets_table(material)], [picture])


def groups_section(material: Material) -> Section:
    """Error by glucose range, time of day, and what happened before the forecast."""
    available = material.results.available
    minutes = material.judged[-1]
    pictures = [
        _groups_picture("ranges", "Error by glucose range (mg/dL)", available.glucose_ranges, minutes),
        _groups_picture("times", "Error by time of day", available.times_of_day, minutes),
    ]
    step, baselines = step_at(minutes), available.table.baselines
    rows = [
        [
            HtmlCell(label),
            count_cell(each.targets[step - 1]),
            figure_cell(each.figure("mae", step).value),
            interval_cell(mae_interval(each, minutes)),
            figure_cell(each.figure("bias", step).value),
            skill_cell(each.skill_at(step).value),
            *_beside(each, step),
        ]
        for label, each in available.groups.items()
    ]
    head = ["Group", "readings", "MAE", INTERVAL_LABEL, "bias", "skill", *_titles(baselines)]
    caption = f"Errors (mg/dL) {minutes} minutes ahead by group of available windows"
    return Section("groups", "Where it fails", [GROUPS_WORDS], [HtmlTable(caption, head, rows)], pictures)


def pumps_section(material: Material) -> Section:
    """A row for each pump."""
    available = material.results.available
    pumps = {**available.pumps, ALL: available.pooled} if len(available.pumps) > 1 else available.pumps
    head = ["Pump", "windows"]
    for minutes in material.judged:
        beside = [f"{title} {minutes} min" for title in _titles(available.table.baselines)]
        head += [f"MAE {minutes} min", INTERVAL_LABEL, f"skill {minutes} min", *beside]
    rows = [
        [HtmlCell(pump), count_cell(each.windows), *_of_pump(each, material.judged)] for pump, each in pumps.items()
    ]
    caption = (
        "Error by pump (mg/dL) on available windows, and the skill with a bar: the shorter, the better; a full bar is "
        "no better than the last reading."
    )
    return Section("pumps", "Pump by pump", [], [HtmlTable(caption, head, rows)])


def mae_interval(comparison: Comparison, minutes: int) -> Interval | None:
    """The confidence interval of the model's MAE (mg/dL) so many minutes ahead, where there is one."""
    return comparison.figure("mae", step_at(minutes)).interval


def interval_cell(interval: Interval | None) -> HtmlCell:
    """From low to high, or a dash."""
    return HtmlCell(NOT_KNOWN if interval is None else f"{interval.low:.1f} to {interval.high:.1f}")


def shown(value: float | None) -> str:
    """An error in a sentence."""
    return "unknown" if value is None else f"{value:.1f}"


def _errors_table(material: Material, name: str, window_set: WindowSetResults) -> HtmlTable:
    pooled, baselines = window_set.pooled, window_set.table.baselines
    others = [metric for metric in map(metric_named, window_set.table.metrics) if metric.name != "mae"]
    head = ["Minutes ahead", "MAE", INTERVAL_LABEL, *_titles(baselines), "skill", *map(_head, others)]
    rows = []
    for minutes in material.reported:
        step = step_at(minutes)
        rows.append(
            [
                HtmlCell(str(minutes)),
                figure_cell(pooled.figure("mae", step).value, 2),
                interval_cell(mae_interval(pooled, minutes)),
                *_beside(pooled, step, 2),
                skill_cell(pooled.skill_at(step).value),
                *(figure_cell(pooled.figure(metric.name, step).value, metric.decimals) for metric in others),
            ]
        )
    return HtmlTable(f"Errors (mg/dL) on {window_set.windows:,} {name} windows, all pumps together", head, rows)


def _head(metric: Metric) -> str:
    return metric.title if metric.unit == MG_DL else f"{metric.title} ({metric.unit})"


def _titles(baselines: Sequence[str]) -> list[str]:
    return [baseline_named(name).title for name in baselines]


def _targets_table(material: Material) -> HtmlTable:
    rows = [
        [HtmlCell(target_words(target)), HtmlCell("yes" if target.met else "no"), HtmlCell(target.reading, words=True)]
        for target in material.results.targets
    ]
    return HtmlTable("Targets, on complete windows", ["Target", "met", "outcome"], rows)


def _groups_picture(name: str, title: str, groups: Mapping[str, Comparison], minutes: int) -> Picture:
    step = step_at(minutes)
    errors = [
        GroupError(label, each.figure("mae", step).value, each.figure("mae", step, forecaster=PERSISTENCE).value)
        for label, each in groups.items()
    ]
    said = "; ".join(f"{error.label}: {shown(error.model)}" for error in errors)
    return Picture(
        name,
        groups_figure(title, errors, minutes),
        "A bar that ends short of the mark errs less than the last reading.",
        f"{title}, {minutes} minutes ahead, bars of the model's mean error in mg/dL. {said}.",
    )


def _of_pump(comparison: Comparison, judged: list[int]) -> list[HtmlCell]:
    cells = []
    for minutes in judged:
        step = step_at(minutes)
        cells += [
            figure_cell(comparison.figure("mae", step).value),
            interval_cell(mae_interval(comparison, minutes)),
            skill_cell(comparison.skill_at(step).value),
            *_beside(comparison, step),
        ]
    return cells


def _beside(comparison: Comparison, step: int, decimals: int = 1) -> list[HtmlCell]:
    """The MAE of each baseline."""
    maes = (comparison.figure("mae", step, forecaster=name).value for name in comparison.table.baselines)
    return [figure_cell(mae, decimals) for mae in maes]
