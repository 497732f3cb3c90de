"""Test results as Markdown tables, for documents and terminals."""

from collections.abc import Iterable, Sequence

from bloodtwin_core.evaluation.clinical.error_grids import ZoneShares
from bloodtwin_core.evaluation.comparison import Comparison, Interval, WindowSetResults, metric_definitions
from bloodtwin_core.evaluation.coverage_targets import JUDGED_BAND
from bloodtwin_core.evaluation.difference import Difference
from bloodtwin_core.evaluation.metrics import REPORTED_MINUTES, step_at
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.evaluation.uncertainty import Uncertainty

NOT_MEASURED = "not measured"


def results_table(results: TestResults, model: str = "bloodTwin") -> str:
    """Both window sets, pooled: errors in mg/dL of the three forecasters, and the skill, with 95 % intervals.

    model is what the column of the tested model is called.
    """
    sets = (("complete", results.complete.pooled), ("available", results.available.pooled))
    return "\n\n".join(
        f"On {found.windows:,} {name} test windows (in brackets: 95 % interval over days):\n\n"
        + _table(["mg/dL", model, "persistence", "ridge", "skill"], _metric_rows(found, results.horizon))
        for name, found in sets
    )


def detailed_tables(results: TestResults) -> str:
    """Errors by group, uncertainty and clinical meaning, on available windows, each a table."""
    minutes = [each for each in REPORTED_MINUTES if step_at(each) <= results.horizon]
    parts = [
        f"{each} min ahead, available windows (mg/dL; bias is forecast minus reading):\n\n"
        + _table(
            ["group", "targets", "MAE AT", "bias", "persistence", "ridge", "skill"],
            _group_rows(results.available, each),
        )
        for each in minutes
    ]
    if results.uncertainty is not None:
        parts.append(f"The {JUDGED_BAND:.0%} band:\n\n{_band_table(results.uncertainty, minutes)}")
    parts.append(f"What errors would mean:\n\n{_meaning_table(results, minutes)}")
    parts.append(f"Alarms by event:\n\n{_alarms_table(results)}")
    return "\n\n".join(parts)


def difference_table(found: Difference, other: str) -> str:
    """One model beside another, which other names, on the same complete windows."""
    rows = [
        (
            name.removeprefix("test_"),
            _shown(getattr(found.a, name)),
            _shown(getattr(found.b, name)),
            _shown(interval.value if interval else None) + _interval(interval),
            _shown(ratio.value if ratio else None, 3) + _interval(ratio, 3),
        )
        for name, interval in found.difference.items()
        for ratio in (found.ratio[name],)
    ]
    says = (
        f"Beside {other}, on {found.windows:,} complete test windows "
        "(an interval of the difference that holds 0 shows no difference):"
    )
    if not rows:
        return f"{says}\n\nToo few days were tested to tell the difference."
    return f"{says}\n\n{_table(['mg/dL', 'this', 'other', 'difference', 'ratio'], rows)}"


def _metric_rows(found: Comparison, horizon: int) -> Iterable[Sequence[str]]:
    named = [(name, reading) for name, reading in metric_definitions(horizon).items() if name.endswith("min")]
    for name, reading in sorted(named, key=lambda each: (each[1].squared, "_at_" not in each[0])):
        kind = "RMSE" if reading.squared else "MAE"
        label = f"{kind} {'AT' if '_at_' in name else 'MEAN'} {name.split('_')[-1].removesuffix('min')} min"
        errors = [_shown(getattr(metrics, name)) for metrics in (found.model, found.persistence, found.ridge)]
        errors[0] += _interval(found.intervals.model.get(name) if found.intervals else None)
        skill = _interval(found.intervals.skill.get(name) if found.intervals else None, 3)
        yield label, *errors, _shown(getattr(found.skill, name), 3) + skill


def _group_rows(found: WindowSetResults, minutes: int) -> Iterable[Sequence[str]]:
    step, name = step_at(minutes) - 1, f"test_mae_at_{minutes}min"
    for label, comparison in found.groups.items():
        by_step, intervals = comparison.by_step, comparison.intervals
        yield (
            label,
            f"{by_step.targets[step]:,}",
            _shown(by_step.model.mae_at[step]) + _interval(intervals.model[name] if intervals else None),
            _shown(by_step.model.bias_at[step]),
            _shown(by_step.persistence.mae_at[step]),
            _shown(by_step.ridge.mae_at[step]),
            _shown(by_step.skill.mae_at[step], 3) + _interval(intervals.skill[name] if intervals else None, 3),
        )


def _band_table(found: Uncertainty, minutes: Sequence[int]) -> str:
    band, calibration = found.calibration.pooled.band(JUDGED_BAND), found.calibration
    rows = [
        (
            f"{each} min ahead",
            _per_cent(band.share[step_at(each) - 1]) + _per_cents(found.judged_band[step_at(each) - 1]),
            _shown(band.width[step_at(each) - 1]),
            _shown(calibration.pinball[step_at(each) - 1]),
            _shown(found.persistence_pinball[step_at(each) - 1]),
        )
        for each in minutes
    ]
    for name, group in calibration.by_origin_range.items():
        held = group.band(JUDGED_BAND)
        rows.append((f"from {name} mg/dL", _per_cent(held.overall_share), _shown(held.overall_width), "", ""))
    table = _table(["", "holds", "width, mg/dL", "pinball loss, mg/dL", "of persistence"], rows)
    targets = "\n".join(
        f"- {target.name}: {'met' if target.met else 'not met'}, {target.reading}" for target in found.targets
    )
    return f"{table}\n\n{targets}"


def _meaning_table(results: TestResults, minutes: Sequence[int]) -> str:
    clinical = results.clinical
    rows = []
    for each in minutes:
        for name, found in (("bloodTwin", clinical.model), ("persistence", clinical.persistence)):
            grids = next(grids for grids in found.error_grids if grids.minutes == each)
            rmse = found.glucose_specific_rmse[step_at(each) - 1]
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
            f"{found.announced} of {found.events}",
            _per_cent(found.sensitivity),
            _per_cent(found.precision),
            _shown(found.false_alarms_per_day),
            _shown(found.median_lead_minutes, 0),
        )
        for alarms in results.clinical.alarms
        for name, found in (("bloodTwin", alarms.model), ("ridge", alarms.ridge))
    ]
    head = ["", "events announced", "sensitivity", "precision", "false alarms a day", "median lead, min"]
    return _table(head, rows)


def _table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _shown(value: float | None, decimals: int = 2) -> str:
    return NOT_MEASURED if value is None else f"{value:.{decimals}f}"


def _per_cent(share: float | None) -> str:
    return NOT_MEASURED if share is None else f"{share:.1%}"


def _per_cents(interval: Interval | None) -> str:
    return "" if interval is None else f" [{interval.low:.1%}, {interval.high:.1%}]"


def _interval(interval: Interval | None, decimals: int = 2) -> str:
    return "" if interval is None else f" [{interval.low:.{decimals}f}, {interval.high:.{decimals}f}]"
