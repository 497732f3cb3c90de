"""How a run ends on the terminal: what was reached, what was missed, where things lie, what to do next."""

import re
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

from bloodtwin_core.cli.run_log import Check, RunLog
from bloodtwin_core.config import Settings
from bloodtwin_core.evaluation.metrics import TARGET_MINUTES, step_at
from bloodtwin_core.evaluation.results import OutcomeShown, TargetOutcome, TestResults
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.sources.registry import source_named

_RESULTS = "test_results"
_NO_ROOM = re.compile(r"disk I/O error|disk is full|No space left")
"""What SQLite and the operating system say of a full disk."""
_TARGETS = {
    "mae_at_30min": "error in 30 min, MAE",
    "mae_at_60min": "error in 60 min, MAE",
    "rmse": "error over the hour, RMSE",
}


class _Skill(NamedTuple):
    words: str
    metric: str


_SKILLS = {
    "skill_mae_at_30min": _Skill("skill in 30 min", "test_mae_at_30min"),
    "skill_mae_at_60min": _Skill("skill in 60 min", "test_mae_at_60min"),
}
"""Error divided by that of persistence, the last reading staying, by the name of the outcome."""
_ON_PEOPLE = (
    "These were virtual wearers. The default settings miss the targets on them too: no fault, and it says nothing\n"
    "of people: on 20 people (AZT1D) the defaults reach {}, {} and {} {}, and skills of 0.788 and 0.781."
)
_REACHED_ON_PEOPLE = (12.60, 20.41, 19.46)
"""Figures (mg/dL) of docs/results.md, the default settings."""


def closing(log: RunLog, store: ArtifactStore, settings: Settings, seconds: float, log_file: Path) -> str:
    """The closing screen of a run that went through: without blank lines, so that the last ten say all.

    Raises ArtifactMissing if the results cannot be read.
    """
    lines = [f"{settings.model.name}: {len(log.materialized)} stages in {_duration(seconds)}"]
    missed, unit = False, GlucoseUnit(settings.evaluation.unit)
    if _RESULTS in log.materialized:
        results = TestResults.read(store.test_results)
        missed = any(target.name in _TARGETS for target in results.missed_targets)
        lines += _reached(results, unit)
        if not results.complete.windows:
            lines += _despite_gaps(results, unit)
    if checks := [check for check in log.failed_checks if check.asset != _RESULTS]:
        lines += _failed(checks)
    if missed and source_named(settings.data.source).virtual:
        lines.append(_ON_PEOPLE.format(*(unit.text(error, 2) for error in _REACHED_ON_PEOPLE), unit))
    lines += _where(log, store, log_file)
    return "\n".join(lines) + "\n"


def cause_of(log: RunLog) -> str:
    """What a run failed by, in a line."""
    if log.cause is not None:
        where = f"{log.cause.stage} failed: " if log.cause.stage else ""
        if log.cause.is_for_users:
            return f"{where}{log.cause.words}"
        if _NO_ROOM.search(log.cause.words):
            return f"{where}Dagster could not write its history ({log.cause.words}). Make room on the disk"
        return f"{where}{log.cause.kind}: {log.cause.words}. The log tells where"
    if checks := [check for check in log.failed_checks if check.asset != _RESULTS]:
        told = "; ".join(f"{check.name} of {check.asset}: {check.why}" for check in checks)
        return f"A check did not pass, and what rests on it was not made. {told}"
    return "The run failed, and the log says no more than that"


def _reached(results: TestResults, unit: GlucoseUnit) -> Iterator[str]:
    for target in results.targets:
        if target.name in _TARGETS:
            yield f"  {_TARGETS[target.name]:<28}{_verdict(target, unit)}"
    intervals = results.complete.pooled.intervals
    for target in results.targets:
        if target.name in _SKILLS and target.value is not None:
            interval = intervals.skill.get(_SKILLS[target.name].metric) if intervals else None
            between = f" [{interval.low:.3f}, {interval.high:.3f}]" if interval else ""
            verdict = "better than persistence" if target.met else "no better than persistence"
            value = OutcomeShown.of(target, unit, 3).value
            yield f"  {_SKILLS[target.name].words:<28}{value:>14}   below 1{between}: {verdict}"


def _despite_gaps(results: TestResults, unit: GlucoseUnit) -> Iterator[str]:
    """What stands instead of the targets where no test window is complete, as in a few days of one person."""
    found = results.available.pooled
    for minutes in TARGET_MINUTES if found.windows else ():
        step = step_at(minutes)
        if step > results.table.horizon or (mae := found.figure("mae", step).value) is None:
            continue
        skill, name = found.skill_at(step).value, f"the same in {minutes} min, with gaps"
        beside = "" if skill is None else f"   {skill:.3f} of persistence's, on {found.windows:,} windows"
        yield f"  {name:<28}{f'{unit.text(mae, 2)} {unit}':>14}{beside}"


def _verdict(target: TargetOutcome, unit: GlucoseUnit) -> str:
    if target.value is None:
        return f"{target.reading:>14}"
    shown = OutcomeShown.of(target, unit)
    verdict = "met" if target.met else f"missed by {shown.missed_by}"
    return f"{f'{shown.value} {unit}':>14}   below {shown.limit}: {verdict}"


def _failed(checks: list[Check]) -> Iterator[str]:
    yield "Checks that did not pass:"
    for check in checks:
        yield f"  {check.name} of {check.asset}: {check.why}"


def _where(log: RunLog, store: ArtifactStore, log_file: Path) -> Iterator[str]:
    if "evaluation_report" in log.materialized:
        yield f"Report  {store.report}"
    yield f"Log     {log_file}"
    if store.onnx.exists():
        yield f"Next    bloodtwin forecast WHERE --model {store.folder}; bloodtwin ui shows the run"


def _duration(seconds: float) -> str:
    minutes, rest = divmod(round(seconds), 60)
    return f"{minutes} min {rest} s" if minutes else f"{rest} s"
