"""Section on alarms: lows and highs seen coming, judged by event."""

from collections.abc import Sequence
from dataclasses import replace

from bloodtwin_core.evaluation.baselines import baseline_named, warning_baselines
from bloodtwin_core.evaluation.clinical.alarms import AlarmResults, ThresholdAlarms
from bloodtwin_core.evaluation.clinical.events import HYPERGLYCAEMIA, HYPOGLYCAEMIA
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.html.material import ALARM_MINUTES, Material
from bloodtwin_core.reporting.html.narrative import share
from bloodtwin_core.reporting.html.parts import (
    INTERVAL_LABEL,
    NOT_KNOWN,
    HtmlCell,
    HtmlTable,
    Picture,
    Section,
    count_cell,
    figure_cell,
    share_cell,
)
from bloodtwin_core.reporting.plots.alarms import AlarmPoint, trade_off_figure

WORDS = (
    "An alarm is raised when the forecast crosses the threshold within so many minutes while the present reading has "
    "not; it is true if an event (15 minutes or more beyond the threshold) begins within them. An event is seen coming "
    "if an alarm came before it, within those minutes. The last reading alone never warns: it forecasts no change.",
    "Where a quantile of the forecast raises the alarm instead of the forecast itself, more events are seen coming at "
    f"the price of more false alarms; the curves show the trade for alarms {ALARM_MINUTES} minutes ahead.",
)
CORNER, ROOM_ACROSS, ROOM_UP = 0.03, 0.12, 0.08
"""Room that a point's name needs: beyond the corner, and across and up from others; shares of the picture."""
EVENT_NAMES = {HYPOGLYCAEMIA.name: "Lows", HYPERGLYCAEMIA.name: "Highs"}


def alarms_section(material: Material) -> Section:
    """A table of all alarms, and the trade-off where there are quantiles."""
    rows = [
        _row(f"{event_name(alarms, material.unit)}, {alarms.minutes} min ahead, {name}", results)
        for alarms in material.results.clinical.alarms
        for name, results in {"model": alarms.model, **_baselines(alarms)}.items()
    ]
    head = [
        "Alarm", "events", "seen coming", INTERVAL_LABEL, "median lead (min)", "alarms", "of them true", INTERVAL_LABEL,
        "false alarms per day",
    ]  # fmt: skip
    table = HtmlTable("Alarms by how far they look ahead, on available windows", head, rows)
    told = (material.alarms(threshold) for threshold in (HYPOGLYCAEMIA, HYPERGLYCAEMIA))
    pictures = [
        _trade_off(each, material.unit) for each in told if each is not None and each.by_level and each.model.events
    ]
    return Section("alarms", "Lows and highs seen coming", WORDS, [table], pictures)


def event_name(alarms: ThresholdAlarms, unit: GlucoseUnit) -> str:
    """What the alarms warn of: Lows (under 70 mg/dL)."""
    where = "under" if alarms.threshold == HYPOGLYCAEMIA.name else "over"
    return f"{EVENT_NAMES[alarms.threshold]} ({where} {unit.text(alarms.glucose)} {unit})"


def _baselines(alarms: ThresholdAlarms) -> dict[str, AlarmResults]:
    return {baseline_named(name).title: results for name, results in warning_baselines(alarms.beside).items()}


def _row(label: str, results: AlarmResults) -> list[HtmlCell]:
    return [
        HtmlCell(label),
        count_cell(results.events),
        share_cell(results.sensitivity),
        _interval_cell(results.sensitivity_interval),
        figure_cell(results.median_lead_minutes, 0),
        count_cell(results.alarms),
        share_cell(results.precision),
        _interval_cell(results.precision_interval),
        figure_cell(results.false_alarms_per_day, 2),
    ]


def _interval_cell(interval: tuple[float, float] | None) -> HtmlCell:
    return HtmlCell(NOT_KNOWN if interval is None else f"{100 * interval[0]:.0f} to {100 * interval[1]:.0f} %")


def _trade_off(alarms: ThresholdAlarms, unit: GlucoseUnit) -> Picture:
    event = event_name(alarms, unit)
    by_level = [_point(share(each.level), each.alarms) for each in alarms.by_level]
    curves = {"Model, by quantile": _named([point for point in by_level if point is not None])}
    beside = {name[:1].upper() + name[1:]: results for name, results in _baselines(alarms).items()}
    for name, results in {"Model, its forecast": alarms.model, **beside}.items():
        point = _point(name, results)
        curves[name] = [] if point is None else [point]
    said = "; ".join(
        f"At the {point.setting} quantile {share(point.sensitivity)} are seen, with {point.false_alarms_per_day:.1f} "
        "false alarms a day"
        for point in curves["Model, by quantile"]
    )
    return Picture(
        f"alarms-{alarms.threshold}",
        trade_off_figure(event, EVENT_NAMES[alarms.threshold], curves),
        "Up and left is better: more seen coming, fewer false alarms.",
        f"{event}: share of events seen coming against false alarms per day. {said}.",
    )


def _point(setting: str, results: AlarmResults) -> AlarmPoint | None:
    if results.sensitivity is None or results.false_alarms_per_day is None:
        return None
    return AlarmPoint(setting, results.sensitivity, results.false_alarms_per_day)


def _named(points: Sequence[AlarmPoint]) -> list[AlarmPoint]:
    """Points get their names but in the corner, where hardly anything is alarmed, and close beside another name."""
    most = max((point.false_alarms_per_day for point in points), default=0.0)
    placed: list[AlarmPoint] = []
    for point in points:
        named = point.false_alarms_per_day > CORNER * most and not any(
            abs(point.false_alarms_per_day - other.false_alarms_per_day) < ROOM_ACROSS * most
            and abs(point.sensitivity - other.sensitivity) < ROOM_UP
            for other in placed
            if other.named
        )
        placed.append(replace(point, named=named))
    return placed
