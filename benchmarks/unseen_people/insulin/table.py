"""The study as Markdown."""

from collections.abc import Mapping

import numpy as np

from benchmarks.unseen_people.insulin.forecasts import LeftOutForecasts
from benchmarks.unseen_people.insulin.judging import (
    GROUPS,
    Skills,
    coverage_by_person,
    coverage_by_step,
    group_of,
    lows_at_one_false_alarm,
    skills,
)
from bloodtwin_core.evaluation.figures import Interval

CONDITIONS = ("told", "hidden")
"""Forecast with what is known of insulin, and with none."""
BASELINES = {"AR2": "ar2", "ridge": "ridge"}
"""Told of the first variant alone: AR2 knows no insulin, ridge is fitted on what that one learnt from."""


def table(variants: Mapping[str, LeftOutForecasts]) -> str:
    """Errors, bands and lows of every variant on the same windows; differences are from the first one."""
    first = next(iter(variants.values()))
    return "\n".join([*_errors(variants, first), "", *_bands(variants), "", *_lows(variants), ""])


def _errors(variants: Mapping[str, LeftOutForecasts], first: LeftOutForecasts) -> list[str]:
    """Skills on complete windows; brackets by days, then by people."""
    lines = [
        "MAE as a share of persistence's on complete windows, and its difference in hundredths from the first variant "
        "in the same row of people, with 95 % intervals by days [] and by people ().",
        "",
        "| people | insulin | variant | people, windows | AT 30 | AT 60 | difference AT 30 | difference AT 60 |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for group in GROUPS:
        usual = group_of(first, group)
        if not usual.complete.any():
            continue
        counts = f"{len(np.unique(usual.pump[usual.complete]))}, {int(usual.complete.sum()):,}"
        for name, field in BASELINES.items():
            of = skills(usual, getattr(usual, field))
            lines.append(f"| {' | '.join([group, 'told', name, counts, *_said(of, 1.0), '', ''])} |")
        for insulin in CONDITIONS:
            for name, found in variants.items():
                own = group_of(found, group)
                of = skills(own, getattr(own, insulin))
                less = skills(own, getattr(own, insulin), getattr(usual, insulin)) if found is not first else None
                cells = [group, insulin, name, counts, *_said(of, 1.0), *(_said(less, 100.0) if less else ("", ""))]
                lines.append(f"| {' | '.join(cells)} |")
    return lines


def _said(of: Skills, times: float) -> list[str]:
    return [_figure(days, people, times) for days, people in zip(of.by_days, of.by_people, strict=True)]


def _figure(days: Interval | None, people: Interval | None, times: float) -> str:
    shown = "{:.3f}" if times == 1.0 else "{:+.1f}"
    given = days or people
    if given is None:
        return "–"
    value = shown.format(given.value * times)
    by_days = f" [{shown.format(days.low * times)}, {shown.format(days.high * times)}]" if days else ""
    by_people = f" ({shown.format(people.low * times)}, {shown.format(people.high * times)})" if people else ""
    return value + by_days + by_people


def _bands(variants: Mapping[str, LeftOutForecasts]) -> list[str]:
    """What the 80 % band holds of all measured readings of available windows."""
    lines = [
        "| people | insulin | variant | 80 % band holds, lowest and highest of the steps | of a person, lowest |",
        "|---|---|---|---|---|",
    ]
    for group in GROUPS:
        for insulin in CONDITIONS:
            for name, found in variants.items():
                own = group_of(found, group)
                if not len(own):
                    continue
                quantiles = getattr(own, f"{insulin}_quantiles")
                steps, people = coverage_by_step(own, quantiles), coverage_by_person(own, quantiles)
                lowest = min(people, key=lambda person: people[person]) if people else ""
                of_person = f"{people[lowest]:.1%} ({lowest})" if people else ""
                of_steps = f"{steps.min():.1%} to {steps.max():.1%}"
                lines.append(f"| {group} | {insulin} | {name} | {of_steps} | {of_person} |")
    return lines


def _lows(variants: Mapping[str, LeftOutForecasts]) -> list[str]:
    """Lows by event, over everybody's available windows."""
    lines = [
        "| insulin | variant | quantile with one false alarm a day | lows announced in 30 min | false alarms |",
        "|---|---|---|---|---|",
    ]
    for insulin in CONDITIONS:
        for name, found in variants.items():
            level, alarms = lows_at_one_false_alarm(found, getattr(found, f"{insulin}_quantiles"))
            low, high = alarms.sensitivity_interval or (np.nan, np.nan)
            often = f"{alarms.false_alarms_per_day or 0:.2f} a day"
            share = f"{alarms.announced} of {alarms.events}: {alarms.sensitivity or 0:.1%} [{low:.1%}, {high:.1%}]"
            lines.append(f"| {insulin} | {name} | {level:.2f} | {share} | {often} |")
    return lines
