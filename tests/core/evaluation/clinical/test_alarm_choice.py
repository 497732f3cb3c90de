import numpy as np
import pytest

from bloodtwin_core.evaluation.clinical.alarm_choice import LEVELS, alarms_by, chosen_alarm, rule_of, timelines_of
from bloodtwin_core.evaluation.clinical.events import HYPERGLYCAEMIA, HYPOGLYCAEMIA
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.records import RECORD_INTERVAL
from bloodtwin_core.serving.alarms import Side

HORIZON = 12
SPREADS = np.array([-40.0, -25.0, -12.0, 0.0, 12.0, 25.0, 40.0], dtype=np.float32)


def forecasts(seed: int = 0, records: int = 4000) -> TestForecasts:
    """A wave that dips below 70 now and then, forecast with an error of its own size of quantiles."""
    random = np.random.default_rng(seed)
    glucose = 110 + 55 * np.sin(np.arange(records + HORIZON) / 20) + random.normal(0, 3, records + HORIZON)
    target = np.stack([glucose[step : step + records] for step in range(1, HORIZON + 1)], axis=1).astype(np.float32)
    model = (target + random.normal(0, 6, (records, 1))).astype(np.float32)
    return TestForecasts(
        rows=np.arange(records),
        pump=np.full(records, "a"),
        timestamp=np.datetime64("2026-01-01", "s") + np.arange(records) * RECORD_INTERVAL,
        last=glucose[:records].astype(np.float32),
        complete=np.ones(records, np.bool_),
        target=target,
        measured=np.ones((records, HORIZON), np.bool_),
        model=model,
        quantiles=model[..., None] + SPREADS,
    )


def test_no_more_false_alarms_than_asked_for_and_then_most_events() -> None:
    validation, timelines = forecasts(), timelines_of(forecasts())
    every = [alarms_by(rule_of(HYPOGLYCAEMIA, 30, level), validation, timelines, HYPOGLYCAEMIA) for level in LEVELS]
    asked = float(np.median([each.false_alarms_per_day or 0.0 for each in every]))
    chosen = chosen_alarm(validation, HYPOGLYCAEMIA, 30, asked).chosen_on
    bearable = [each for each in every if (each.false_alarms_per_day or 0.0) <= asked]
    assert (chosen.false_alarms_per_day or 0.0) <= asked
    assert chosen.announced == max(each.announced for each in bearable)
    assert 0 < len(bearable) < len(LEVELS)


def test_where_every_level_is_false_too_often_the_least_false_is_taken() -> None:
    chosen = chosen_alarm(forecasts(), HYPOGLYCAEMIA, 60, 0.0)
    timelines = timelines_of(forecasts())
    every = [alarms_by(rule_of(HYPOGLYCAEMIA, 60, level), forecasts(), timelines, HYPOGLYCAEMIA) for level in LEVELS]
    assert chosen.chosen_on.false_alarms_per_day == min(each.false_alarms_per_day or 0.0 for each in every)


def test_a_high_is_announced_by_an_upper_quantile() -> None:
    rule = rule_of(HYPERGLYCAEMIA, 30, 0.1)
    assert (rule.side, rule.level, rule.name) == (Side.above, 0.9, "above 180 within 30 min")


def test_a_level_of_the_networks_own_is_its_quantile() -> None:
    found, timelines = forecasts(), timelines_of(forecasts())
    by_rule = alarms_by(rule_of(HYPOGLYCAEMIA, 30, 0.25), found, timelines, HYPOGLYCAEMIA)
    assert by_rule.alarms > 0
    assert QUANTILE_LEVELS[2] == 0.25


def test_forecasts_without_quantiles_are_refused() -> None:
    bare = TestForecasts(**{**forecasts().__dict__, "quantiles": None})
    with pytest.raises(ValueError, match="have none"):
        chosen_alarm(bare, HYPOGLYCAEMIA, 30, 1.0)
