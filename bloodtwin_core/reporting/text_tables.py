"""Test results as Markdown tables, for documents and terminals."""

from collections.abc import Iterable, Sequence

from bloodtwin_core.evaluation.baselines import warning_baselines
from bloodtwin_core.evaluation.clinical.error_grids import ZoneShares
from bloodtwin_core.evaluation.comparison import Comparison
from bloodtwin_core.evaluation.coverage_targets import JUDGED_BAND
from bloodtwin_core.evaluation.difference import Difference
from bloodtwin_core.evaluation.figures import Estimate, Interval
from bloodtwin_core.evaluation.insulin_response import InsulinResponse
from bloodtwin_core.evaluation.metrics import MG_DL, REPORTED_MINUTES, Metric, Span, metric_named, step_at
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.evaluation.uncertainty import Uncertainty
from bloodtwin_core.evaluation.window_set import WindowSetResults

NOT_MEASURED = "not measured"


def results_table(results: TestResults, model: str = "bloodTwin") -> str:
    """Both window sets, pooled: errors in mg/dL of all forecasters, and the skill, with 95 % intervals.

    model is what the column of the tested model is called.
    """
    sets = (("complete", results.complete.pooled), ("available", results.available.pooled))
    return "\n\n".join(
        f"On {pooled.windows:,} {name} test windows (in brackets: 95 % interval over days):\n\n"
        + _table([MG_DL, model, *results.table.baselines, "skill"], _metric_rows(pooled))
        for name, pooled in sets
    )


def detailed_tables(results: TestResults) -> str:
    """Errors by group, uncertainty and clinical meaning, on available windows, each a table."""
    minutes = [each for each in REPORTED_MINUTES if step_at(each) <= results.horizon]
    parts = [
        f"{each} min ahead, available windows (mg/dL; bias is forecast minus reading):\n\n"
        + _table(
            ["group", "targets", "MAE AT", "bias", *results.table.baselines, "skill"],
            _group_rows(results.available, each),
        )
        for each in minutes
    ]
    if results.uncertainty is not None:
        parts.append(f"The {JUDGED_BAND:.0%} band:\n\n{_band_table(results.uncertainty, minutes)}")
    parts.append(f"What errors would mean:\n\n{_meaning_table(results, minutes)}")
    parts.append(f"Alarms by event:\n\n{_alarms_table(results)}")
    if results.insulin_response is not None:
        parts.append(_insulin_table(results.insulin_response))
    return "\n\n".join(parts)


def difference_table(compared: Difference, other: str) -> str:
    """One model beside another, which other names, on the same complete windows."""
    rows = [
        (
            name.removeprefix("test_"),
            _shown(compared.a[name]),
            _shown(compared.b[name]),
            _shown(interval.value if interval else None) + _interval(interval),
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
    return f"{says}\n\n{_table(['mg/dL', 'this', 'other', 'difference', 'ratio'], rows)}"


def _metric_rows(pooled: Comparison) -> Iterable[Sequence[str]]:
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
                    _with_interval(pooled.figure(metric.name, step, span), metric.decimals),
                    *(_shown(value, metric.decimals) for value in beside),
                    _with_interval(pooled.skill_at(step, metric.name, span), 3),
                )


def _row_name(metric: Metric, span: Span, minutes: int) -> str:
    unit = "" if metric.unit == MG_DL else f", {metric.unit}"
    return f"{metric.title} {span.name.upper()} {minutes} min{unit}"


def _group_rows(results: WindowSetResults, minutes: int) -> Iterable[Sequence[str]]:
    step = step_at(minutes)
    for label, group in results.groups.items():
        yield (
            label,
            f"{group.targets[step - 1]:,}",
            _with_interval(group.figure("mae", step)),
            _shown(group.figure("bias", step).value),
            *(_shown(group.figure("mae", step, forecaster=baseline).value) for baseline in group.table.baselines),
            _with_interval(group.skill_at(step), 3),
        )


def _band_table(uncertainty: Uncertainty, minutes: Sequence[int]) -> str:
    band, calibration = uncertainty.calibration.pooled.band(JUDGED_BAND), uncertainty.calibration
    rows = [
        (
            f"{each} min ahead",
            _per_cent(band.share[step_at(each) - 1]) + _per_cents(uncertainty.judged_band[step_at(each) - 1]),
            _shown(band.width[step_at(each) - 1]),
            _shown(calibration.pinball[step_at(each) - 1]),
            _shown(uncertainty.persistence_pinball[step_at(each) - 1]),
        )
        for each in minutes
    ]
    for name, group in calibration.by_origin_range.items():
        held = group.band(JUDGED_BAND)
        rows.append((f"from {name} mg/dL", _per_cent(held.overall_share), _shown(held.overall_width), "", ""))
    table = _table(["", "holds", "width, mg/dL", "pinball loss, mg/dL", "of persistence"], rows)
    targets = "\n".join(
        f"- {target.name}: {'met' if target.met else 'not met'}, {target.reading}" for target in uncertainty.targets
    )
    return f"{table}\n\n{targets}"


def _meaning_table(results: TestResults, minutes: Sequence[int]) -> str:
    clinical = results.clinical
    rows = []
    for each in minutes:
        for name, meaning in {"bloodTwin": clinical.model, **clinical.beside}.items():
            grids = next(grids for grids in meaning.error_grids if grids.minutes == each)
            rmse = meaning.glucose_specific_rmse[step_at(each) - 1]
            rows.append((f"{each} min, {name}", *_zones(grids.clarke), *_zones(grids.parkes), _shown(rmse)))
    head = ["", "Clarke A", "A + B", "D + E", "Parkes A", "A + B", "D + E", "glucose-specific RMSE, mg/dL"]
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


def _insulin_table(response: InsulinResponse) -> str:
    rows = (
        [answer.change, str(answer.minutes), f"{answer.forecaster:+.1f}", f"{answer.pharmacology:+.1f}"]
        for answer in response.answers
    )
    table = _table(["other insulin", "minutes later", "forecaster", "pharmacology"], rows)
    return f"{response.verdict} Mean change in mg/dL on {response.windows:,} complete windows:\n\n{table}"


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
