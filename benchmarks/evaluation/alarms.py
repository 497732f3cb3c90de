"""What alarms are worth: levels chosen on validation days for so many false alarms a day, judged on test days.

`python -m benchmarks.evaluation.alarms ARTIFACTS [--checkpoint FILE]` prints the tables of docs/alarms.md, from the
windows of ARTIFACTS and its checkpoint, or another one, such as the base model's. Validation and test windows are
forecast once each, which takes minutes.
"""

import argparse
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.evaluation.baselines import fit_baselines
from bloodtwin_core.evaluation.clinical.alarm_choice import (
    FEWEST_EVENTS,
    alarms_by,
    chosen_alarm,
    timelines_of,
)
from bloodtwin_core.evaluation.clinical.alarms import AlarmResults, alarm_results
from bloodtwin_core.evaluation.clinical.events import Threshold
from bloodtwin_core.evaluation.forecasts import TestForecasts, WindowForecasts, join
from bloodtwin_core.evaluation.testing import forecast_batches, forecast_with_uncertainty
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.upstream import stored_windows
from bloodtwin_core.records import Rows, Split
from bloodtwin_core.windows.past import as_read_by

THRESHOLDS = (
    Threshold("below 70", 70.0, below=True),
    Threshold("below 54", 54.0, below=True),
    Threshold("above 180", 180.0, below=False),
    Threshold("above 250", 250.0, below=False),
)
MINUTES = (30, 60)
FALSE_ALARMS_A_DAY = (0.5, 1.0, 2.0)
HEAD = ("alarm", "forecaster", "level", "sensitivity", "false a day", "notices a day", "median lead, min", "events")


@dataclass(frozen=True)
class Days:
    """Forecasts of the days on which levels are chosen, and of those on which alarms are judged."""

    validation: TestForecasts
    test: TestForecasts


def main() -> None:
    """Print the tables."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifacts", type=Path)
    parser.add_argument("--checkpoint", type=Path)
    given = parser.parse_args()
    days = forecast_days(ArtifactStore(given.artifacts), given.checkpoint)
    parts = [_table(list(rows(days, false_alarms))) for false_alarms in FALSE_ALARMS_A_DAY]
    for false_alarms, part in zip(FALSE_ALARMS_A_DAY, parts, strict=True):
        print(f"At most {false_alarms:g} false alarms a day on validation days:\n\n{part}\n")  # noqa: T201
    print(person_by_person(days))  # noqa: T201


def forecast_days(store: ArtifactStore, checkpoint: Path | None) -> Days:
    """Both splits, forecast."""
    settings = EvaluationSettings()
    windows, _ = stored_windows(store)
    forecaster = load_checkpoint(checkpoint or store.checkpoints / "best.ckpt").forecaster
    windows = as_read_by(windows, forecaster.features)
    baselines = fit_baselines(windows, settings)

    def forecast(rows: Rows) -> WindowForecasts:
        return forecast_with_uncertainty(forecaster, windows, rows, settings.batch_size, "cpu")

    validation, test = (
        join(list(forecast_batches(windows, forecast, baselines, settings, split=split)))
        for split in (Split.validate, Split.test)
    )
    return Days(validation, test)


def rows(days: Days, false_alarms: float) -> Iterator[list[str]]:
    """A line for each alarm and forecaster."""
    timelines = timelines_of(days.test)
    for threshold in THRESHOLDS:
        for minutes in MINUTES:
            chosen = chosen_alarm(days.validation, threshold, minutes, false_alarms)
            name = f"{threshold.name} within {minutes} min"
            worth = alarms_by(chosen.rule, days.test, timelines, threshold)
            yield [name, "bloodTwin", f"{chosen.rule.level:g}", *_worth(worth)]
            for other in ("ar2", "ridge"):
                beside = alarm_results(timelines, np.array(days.test.beside[other]), threshold, minutes)
                yield [name, other, "its line", *_worth(beside)]


def person_by_person(days: Days) -> str:
    """Lows within 30 minutes at one false alarm a day, with a level of each person's own where events are enough."""
    threshold, minutes = THRESHOLDS[0], 30
    everybody = chosen_alarm(days.validation, threshold, minutes, 1.0)
    own, common = [], []
    for pump in dict.fromkeys(np.array(days.test.pump).tolist()):
        validation, test = days.validation.only([pump]), days.test.only([pump])
        chosen = chosen_alarm(validation, threshold, minutes, 1.0)
        timelines = timelines_of(test)
        rule = chosen.rule if chosen.chosen_on.events >= FEWEST_EVENTS else everybody.rule
        own.append(alarms_by(rule, test, timelines, threshold))
        common.append(alarms_by(everybody.rule, test, timelines, threshold))
    lines = [[name, *_together(parts)] for name, parts in (("everybody's", common), ("their own", own))]
    return _table(lines, ("level", "sensitivity", "false a day", "notices a day"))


def _worth(results: AlarmResults) -> list[str]:
    low, high = results.sensitivity_interval or (0.0, 1.0)
    return [
        "-" if results.sensitivity is None else f"{results.sensitivity:.1%} ({low:.1%} to {high:.1%})",
        f"{results.false_alarms_per_day or 0.0:.2f}",
        f"{results.alarms / results.days:.2f}",
        "-" if results.median_lead_minutes is None else f"{results.median_lead_minutes:.0f}",
        str(results.events),
    ]


def _together(parts: list[AlarmResults]) -> list[str]:
    events, days = sum(part.events for part in parts), sum(part.days for part in parts)
    alarms, true = sum(part.alarms for part in parts), sum(part.true_alarms for part in parts)
    announced = sum(part.announced for part in parts)
    return [f"{announced / events:.1%}", f"{(alarms - true) / days:.2f}", f"{alarms / days:.2f}"]


def _table(lines: list[list[str]], head: tuple[str, ...] = HEAD) -> str:
    return "\n".join(f"| {' | '.join(line)} |" for line in [head, ["---"] * len(head), *lines])


if __name__ == "__main__":
    main()
