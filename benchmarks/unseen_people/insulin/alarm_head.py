"""A head of its own for lows: the chance of one within half an hour, by logistic regression on a network's quantiles.

It is fitted on people left out of the other folds, and judged as the quantiles themselves are.
"""

from collections.abc import Sequence

import numpy as np

from benchmarks.unseen_people.insulin.bands import quantiles_of, sample
from benchmarks.unseen_people.insulin.forecasts import LeftOutForecasts
from benchmarks.unseen_people.insulin.judging import ALARM_MINUTES, at_one_false_alarm, lows_at_one_false_alarm
from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.evaluation.clinical.alarms import AlarmResults
from bloodtwin_core.evaluation.clinical.events import HYPOGLYCAEMIA
from bloodtwin_core.evaluation.metrics import step_at
from bloodtwin_core.records import Glucose, Mask

STEPS = step_at(ALARM_MINUTES)
RARELY_ABOVE = 0.5
"""Share of the windows below which no alarm is looked for: lows are rarer than that."""


def alarm_table(folds: Sequence[LeftOutForecasts], condition: str) -> str:
    """Lows announced at one false alarm a day by the quantiles and by the head, as Markdown."""
    together = LeftOutForecasts.together(folds)
    _, of_quantiles = lows_at_one_false_alarm(together, quantiles_of(together, condition))
    of_head = lows_by_head(together, chances_of_low(folds, condition))
    lines = ["| alarms from | lows announced in 30 min | false alarms |", "|---|---|---|"]
    for name, found in (("the quantiles", of_quantiles), ("a head of its own", of_head)):
        low, high = found.sensitivity_interval or (np.nan, np.nan)
        share = f"{found.announced} of {found.events}: {found.sensitivity or 0:.1%} [{low:.1%}, {high:.1%}]"
        lines.append(f"| {name} | {share} | {found.false_alarms_per_day or 0:.2f} a day |")
    return "\n".join(lines)


def chances_of_low(folds: Sequence[LeftOutForecasts], condition: str) -> Floats:
    """The chance that a reading is low within ALARM_MINUTES, [window of all folds]."""
    from sklearn.linear_model import LogisticRegression
    from sklearn.pipeline import make_pipeline
    from sklearn.preprocessing import StandardScaler

    chances = []
    for place, found in enumerate(folds):
        learnt = LeftOutForecasts.together([sample(other) for at, other in enumerate(folds) if at != place])
        learnt = learnt.take(~HYPOGLYCAEMIA.beyond(learnt.last))
        head = make_pipeline(StandardScaler(), LogisticRegression(C=0.1, max_iter=300))
        head.fit(_seen(learnt, condition), _falls_low(learnt))
        chances.append(head.predict_proba(_seen(found, condition))[:, 1])
    return np.concatenate(chances)


def lows_by_head(found: LeftOutForecasts, chances: Floats) -> AlarmResults:
    """What alarms are worth that are raised where the chance of a low is highest, at one false alarm a day."""
    ranks = np.argsort(np.argsort(chances)) / len(chances)

    def raised_at(share: float) -> Glucose:
        forecast: Glucose = np.where(ranks >= share, HYPOGLYCAEMIA.glucose - 1, HYPOGLYCAEMIA.glucose + 1)
        return np.repeat(forecast[:, None], STEPS, axis=1)

    return at_one_false_alarm(found, raised_at, (RARELY_ABOVE, 1.0), within=0.0002)[1]


def _seen(found: LeftOutForecasts, condition: str) -> Floats:
    quantiles = quantiles_of(found, condition)[:, :STEPS].reshape(len(found), -1)
    return np.concatenate([quantiles, found.last[:, None]], axis=1)


def _falls_low(found: LeftOutForecasts) -> Mask:
    low: Mask = (HYPOGLYCAEMIA.beyond(found.target) & found.measured)[:, :STEPS].any(axis=1)
    return low
