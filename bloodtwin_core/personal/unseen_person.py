"""The network as an unseen person meets it: somebody whom it never saw, with no, few, or many days of their own.

The unified network is fine-tuned on the newest days before the person's validate split; the latest part of those days
judges whether the copy is accepted, as there is nothing else to judge by. Both are then tested on the test split. A
network that reads a wearer's past is told that of those days and of the test days alone.
"""

import dataclasses
import shutil
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bloodtwin_core.config import Settings, TrainingMode
from bloodtwin_core.evaluation.baselines import persistence
from bloodtwin_core.evaluation.metrics import ErrorSums, error_sums, no_errors, step_at
from bloodtwin_core.evaluation.testing import errors_on
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.network.past import reads_past
from bloodtwin_core.personal.training import fine_tune, judge, overall
from bloodtwin_core.records import Split, has_past
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.of_pump import origins_of, with_latest_days
from bloodtwin_core.windows.past import with_past

DAYS = (0, 1, 3, 7, 14, None)
"""Days of an unseen person's own data; None is all there are before the validate split."""
JUDGED_SHARE = 0.25
"""Latest share of those days, kept from training to judge by."""


@dataclass(frozen=True)
class UnseenPersonTrial:
    """One unseen person with so many days: what was learned from and judged by, and errors on complete test windows.

    tuned is None where no copy was made.
    """

    pump_id: str
    days: int | None
    learned: int
    judged: int
    accepted: bool
    reason: str
    base: ErrorSums
    tuned: ErrorSums | None
    persistence: ErrorSums

    @property
    def kept(self) -> ErrorSums:
        """Errors of the network that the unseen person goes on with."""
        return self.tuned if self.accepted and self.tuned else self.base


def unseen_person_trials(
    windows: WindowedSeries,
    pump_id: str,
    base: Checkpoint,
    settings: Settings,
    scratch: Path,
    days: Sequence[int | None] = DAYS,
) -> Iterator[UnseenPersonTrial]:
    """Every number of days for one unseen person, whose windows these are; scratch is a folder to train in.

    Raises what fit raises.
    """
    rows = origins_of(windows, Split.test, complete=True)
    at_first = _test_errors(base, _without_history(windows))
    last = error_sums(persistence(windows, rows), *windows.targets(rows)) if len(rows) else no_errors(windows.horizon)
    for given in days:
        trial = UnseenPersonTrial(pump_id, given, 0, 0, False, "no days of their own", at_first, None, last)
        yield trial if given == 0 else _after_days(trial, windows, base, settings, scratch)


def _after_days(
    trial: UnseenPersonTrial, windows: WindowedSeries, base: Checkpoint, settings: Settings, scratch: Path
) -> UnseenPersonTrial:
    recent = _recent(windows, trial.days, settings)
    if reads_past(base.forecaster):
        trial = dataclasses.replace(trial, base=_test_errors(base, recent))
    learned, judged = (len(recent.origins[split]) for split in (Split.train, Split.validate))
    trial = dataclasses.replace(trial, learned=learned, judged=judged)
    if min(learned, judged) < settings.personal.min_windows:
        return dataclasses.replace(trial, reason=f"too few windows: {learned} to learn from, {judged} to judge by")
    tuned = fine_tune(recent, base, settings.training, settings.personal, scratch)
    before, after = (overall(errors_on(each.forecaster, recent, Split.validate)) for each in (base, tuned))
    accepted, reason = judge(before, after)
    errors = _test_errors(tuned, recent)
    shutil.rmtree(scratch)
    return dataclasses.replace(trial, accepted=accepted, reason=reason, tuned=errors)


def _test_errors(checkpoint: Checkpoint, windows: WindowedSeries) -> ErrorSums:
    return errors_on(checkpoint.forecaster, windows, Split.test, complete=True)


def _without_history(windows: WindowedSeries) -> WindowedSeries:
    """The windows of somebody who begins with the first test day; only a wearer's past tells them from others."""
    if not has_past(windows.features):
        return windows
    return with_past(dataclasses.replace(windows, segments=tuple(windows.segments_of(Split.test))))


def _recent(windows: WindowedSeries, days: int | None, settings: Settings) -> WindowedSeries:
    """The newest days alone. In dense mode a forecast is learned as soon as the state has settled.

    A day of records holds no origin with a whole day of lookback before it, and three days hold few.
    """
    dense = settings.training.mode is TrainingMode.dense
    lookback = min(windows.lookback, settings.training.burn_in + 1) if dense else windows.lookback
    longest = len(windows.series)
    return with_latest_days(
        windows, longest if days is None else days, lookback, JUDGED_SHARE, settings.data.min_measured_share
    )


@dataclass(frozen=True)
class UnseenPersonRow:
    """All unseen people with so many days, pooled over complete test windows; MAE AT in mg/dL, skill to persistence.

    better counts the unseen people whose MAE over all steps fell on the test split; always_at_* are the errors if every
    copy were used, accepted or not.
    """

    days: int | None
    people: int
    accepted: int
    better: int
    windows: int
    mae_at_30: float
    mae_at_60: float
    skill_at_30: float
    skill_at_60: float
    always_at_30: float
    always_at_60: float


def summary(trials: Sequence[UnseenPersonTrial]) -> list[UnseenPersonRow]:
    """A row for each number of days, in the order of the trials."""
    return [_row(days, [t for t in trials if t.days == days]) for days in dict.fromkeys(t.days for t in trials)]


def _row(days: int | None, trials: Sequence[UnseenPersonTrial]) -> UnseenPersonRow:
    kept, last = _pooled([t.kept for t in trials]), _pooled([t.persistence for t in trials])
    always = _pooled([t.tuned or t.base for t in trials])
    at_30, at_60 = step_at(30), step_at(60)
    return UnseenPersonRow(
        days=days,
        people=len(trials),
        accepted=sum(t.accepted for t in trials),
        better=sum(_fell(t) for t in trials),
        windows=kept.windows,
        mae_at_30=_at(kept, at_30),
        mae_at_60=_at(kept, at_60),
        skill_at_30=_at(kept, at_30) / _at(last, at_30),
        skill_at_60=_at(kept, at_60) / _at(last, at_60),
        always_at_30=_at(always, at_30),
        always_at_60=_at(always, at_60),
    )


def _pooled(errors: Sequence[ErrorSums]) -> ErrorSums:
    return sum(errors[1:], errors[0])


def _at(errors: ErrorSums, step: int) -> float:
    mae = errors.mae(step, step)
    return np.nan if mae is None else mae


def _fell(trial: UnseenPersonTrial) -> bool:
    kept, base = overall(trial.kept), overall(trial.base)
    return kept is not None and base is not None and kept < base
