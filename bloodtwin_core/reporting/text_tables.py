"""Test results as Markdown tables, for documents and terminals."""

from collections.abc import Iterable, Sequence

from bloodtwin_core.evaluation.baselines import warning_baselines
from bloodtwin_core.evaluation.clinical.error_grids import ZoneShares
from bloodtwin_core.evaluation.comparison import Comparison
from bloodtwin_core.evaluation.coverage_targets import JUDGED_BAND
from bloodtwin_core.evaluation.difference import Difference
from bloodtwin_core.evaluation.figures import Estimate, Interval
from bloodtwin_core.evaluation.insulin_answers import InsulinResponse
from bloodtwin_core.evaluation.metrics import MG_DL, REPORTED_MINUTES, Metric, Span, metric_named, step_at
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.evaluation.uncertainty import Uncertainty
from bloodtwin_core.evaluation.window_set import WindowSetResults
from bloodtwin_core.records.glucose_ranges import range_shown
from bloodtwin_core.records.glucose_units import GlucoseUnit

NOT_MEASURED = "not measured"


def results_table(results: TestResults, model: str = "bloodTwin", unit: GlucoseUnit = GlucoseUnit.mg_dl) -> str:
    """Both window sets, pooled: errors of all forecasters, and the skill, with 95 % intervals.

    model is what the column of the tested model is called.
    """
    sets = (("complete", results.complete.pooled), ("available", results.available.pooled))
    return "\n\n".join(
        f"On {pooled.windows:,} {name} test windows (in brackets: 95 % interval over days):\n\n"
        + _table([str(unit), model, *results.table.baselines, "skill"], _metric_rows(pooled, unit))
        for name, pooled in sets
    )


def detailed_tables(results: TestResults, unit: GlucoseUnit = GlucoseUnit.mg_dl) -> str:
    """Errors by group, uncertainty and clinical meaning, on available windows, each a table."""
    minutes = [each for each in REPORTED_MINUTES if step_at(each) <= results.horizon]
    parts = [
        f"{each} min ahead, available windows ({unit}; bias is forecast minus reading):\n\n"
        + _table(
            ["group", "targets", "MAE AT", "bias", *results.table.baselines, "skill"],
            _group_rows(results.available, each, unit),
        )
        for each in minutes
    ]
    if results.uncertainty is not None:
        parts.append(f"The {JUDGED_BAND:.0%} band:\n\n{_band_table(results.uncertainty, minutes, unit)}")
    parts.append(f"What errors would mean:\n\n{_meaning_table(results, minutes, unit)}")
    parts.append(f"Alarms by event:\n\n{_alarms_table(results)}")
    if results.insulin_response is not None:
        parts.append(_insulin_table(results.insulin_response, unit))
    return "\n\n".join(parts)


def difference_table(compared: Difference, other: str, unit: GlucoseUnit = GlucoseUnit.mg_dl) -> str:
    """One model beside another, which other names, on the same complete windows."""
    rows = [
        (
            name.removeprefix("test_"),
            _glucose(compared.a[name], unit),
            _glucose(compared.b[name], unit),
            _glucose(interval.value if interval else None, unit) + _glucoses(interval, unit),
            _shown(ratio.value if ratio else None, 3) + _interval(ratio, 3),
        )
        for name, interval in compared.difference.items()
        for ratio in (compared.ratio[name],)
    ]
    says = (
        f"Beside {other}, on {compared.windows:,} complete test windows "
        "(an interval of the difference that holds 0 shows no difference):"
    )
    if not rows:
        return f"{says}\n\nToo few days were tested to tell the difference."
    return f"{says}\n\n{_table([str(unit), 'this', 'other', 'difference', 'ratio'], rows)}"


def _metric_rows(pooled: Comparison, unit: GlucoseUnit) -> Iterable[Sequence[str]]:
    table = pooled.table
    errors = [metric for metric in map(metric_named, table.metrics) if metric.lower_is_better]
    minutes = [each for each in REPORTED_MINUTES if step_at(each) <= table.horizon]
    for metric in errors:
        for span in Span:
            for each in minutes:
                step = step_at(each)
                beside = (pooled.figure(metric.name, step, span, baseline).value for baseline in table.baselines)
                yield (
                    _row_name(metric, span, each),
                    _metric_with_interval(metric, pooled.figure(metric.name, step, span), unit),
                    *(_metric(metric, value, unit) for value in beside),
                    _with_interval(pooled.skill_at(step, metric.name, span), 3),
                )


def _row_name(metric: Metric, span: Span, minutes: int) -> str:
    unit = "" if metric.unit == MG_DL else f", {metric.unit}"
    return f"{metric.title} {span.name.upper()} {minutes} min{unit}"


def _group_rows(results: WindowSetResults, minutes: int, unit: GlucoseUnit) -> Iterable[Sequence[str]]:
    step, mae = step_at(minutes), metric_named("mae")
    for label, group in results.groups(unit).items():
        yield (
            label,
            f"{group.targets[step - 1]:,}",
            _metric_with_interval(mae, group.figure("mae", step), unit),
            _glucose(group.figure("bias", step).value, unit),
            *(_glucose(group.figure("mae", step, forecaster=name).value, unit) for name in group.table.baselines),
            _with_interval(group.skill_at(step), 3),
        )


def _band_table(uncertainty: Uncertainty, minutes: Sequence[int], unit: GlucoseUnit) -> str:
    band, calibration = uncertainty.calibration.pooled.band(JUDGED_BAND), uncertainty.calibration
    rows = [
        (
            f"{each} min ahead",
            _per_cent(band.share[step_at(each) - 1]) + _per_cents(uncertainty.judged_band[step_at(each) - 1]),
            _glucose(band.width[step_at(each) - 1], unit),
            _glucose(calibration.pinball[step_at(each) - 1], unit),
            _glucose(uncertainty.persistence_pinball[step_at(each) - 1], unit),
        )
        for each in minutes
    ]
    for name, group in calibration.by_origin_range.items():
        held = group.band(JUDGED_BAND)
        width = _glucose(held.overall_width, unit)
        rows.append((f"from {range_shown(name, unit)} {unit}", _per_cent(held.overall_share), width, "", ""))
    table = _table(["", "holds", f"width, {unit}", f"pinball loss, {unit}", "of persistence"], rows)
    verdicts = {"yes": "met, ", "no": "not met, "}
    targets = "\n".join(
        f"- {target.name}: {verdicts.get(target.answer, '')}{target.told(unit)}" for target in uncertainty.targets
    )
    return f"{table}\n\n{targets}"


def _meaning_table(results: TestResults, minutes: Sequence[int], unit: GlucoseUnit) -> str:
    clinical = results.clinical
    rows = []
    for each in minutes:
        for name, meaning in {"bloodTwin": clinical.model, **clinical.beside}.items():
            grids = next(grids for grids in meaning.error_grids if grids.minutes == each)
            rmse = meaning.glucose_specific_rmse[step_at(each) - 1]
            rows.append((f"{each} min, {name}", *_zones(grids.clarke), *_zones(grids.parkes), _glucose(rmse, unit)))
    head = ["", "Clarke A", "A + B", "D + E", "Parkes A", "A + B", "D + E", f"glucose-specific RMSE, {unit}"]
    return _table(head, rows)


def _zones(shares: ZoneShares) -> tuple[str, str, str]:
    return (
        _per_cent(shares.A),
        _per_cent(None if shares.A is None or shares.B is None else shares.A + shares.B),
        _per_cent(None if shares.D is None or shares.E is None else shares.D + shares.E),
    )


def _alarms_table(results: TestResults) -> str:
    rows = [
        (
            f"{alarms.threshold}, {alarms.minutes} min, {name}",
            f"{worth.announced} of {worth.events}",
            _per_cent(worth.sensitivity),
            _per_cent(worth.precision),
            _shown(worth.false_alarms_per_day),
            _shown(worth.median_lead_minutes, 0),
        )
        for alarms in results.clinical.alarms
        for name, worth in {"bloodTwin": alarms.model, **warning_baselines(alarms.beside)}.items()
    ]
    head = ["", "events announced", "sensitivity", "precision", "false alarms a day", "median lead, min"]
    return _table(head, rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _insulin_table(response: InsulinResponse, unit: GlucoseUnit) -> str:
    rows = (
        [answer.change, str(answer.minutes), unit.change(answer.forecaster, 1), unit.change(answer.pharmacology, 1)]
        for answer in response.answers
    )
    table = _table(["other insulin", "minutes later", "forecaster", "pharmacology"], rows)
    windows = f"{response.windows:,} complete windows"
    return f"{response.verdict_in(unit)} Mean change in {unit} on {windows}:\n\n{table}"


def _metric_with_interval(metric: Metric, estimate: Estimate, unit: GlucoseUnit) -> str:
    if metric.unit != MG_DL:
        return _with_interval(estimate, metric.decimals)
    return _metric(metric, estimate.value, unit) + _glucoses(estimate.interval, unit, metric.decimals)


def _metric(metric: Metric, value: float | None, unit: GlucoseUnit) -> str:
    return _glucose(value, unit, metric.decimals) if metric.unit == MG_DL else _shown(value, metric.decimals)


def _glucose(value: float | None, unit: GlucoseUnit, decimals: int = 2) -> str:
    return NOT_MEASURED if value is None else unit.text(value, decimals)


def _glucoses(interval: Interval | None, unit: GlucoseUnit, decimals: int = 2) -> str:
    return "" if interval is None else f" [{unit.text(interval.low, decimals)}, {unit.text(interval.high, decimals)}]"


def _with_interval(estimate: Estimate, decimals: int = 2) -> str:
    return _shown(estimate.value, decimals) + _interval(estimate.interval, decimals)


def _shown(value: float | None, decimals: int = 2) -> str:
    return NOT_MEASURED if value is None else f"{value:.{decimals}f}"


def _per_cent(share: float | None) -> str:
    return NOT_MEASURED if share is None else f"{share:.1%}"


def _per_cents(interval: Interval | None) -> str:
    return "" if interval is None else f" [{interval.low:.1%}, {interval.high:.1%}]"


def _interval(interval: Interval | None, decimals: int = 2) -> str:
    return "" if interval is None else f" [{interval.low:.{decimals}f}, {interval.high:.{decimals}f}]"
