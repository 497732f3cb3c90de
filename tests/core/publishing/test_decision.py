"""The decision: every condition decides by itself, and says why."""

from datetime import datetime
from typing import Any

import pytest

from bloodtwin_core.config import PublishingSettings
from bloodtwin_core.evaluation.clinical.missed_events import MissedEvents
from bloodtwin_core.evaluation.figures import Interval
from bloodtwin_core.publishing.decision import Evidence, ExportProof, Gate, gates_of, loss_carried

SETTINGS = PublishingSettings()


def interval(low: float, value: float, high: float) -> Interval:
    return Interval(value=value, low=low, high=high)


GOOD = Evidence(
    windows=1000,
    days=20,
    judged_from={"a": datetime(2026, 1, 1)},
    has_champion=True,
    figures=[],
    error=interval(-0.5, -0.3, -0.1),
    persistence=interval(-5, -4, -3),
    loss=-0.02,
    lows=[MissedEvents(minutes=30, events=10, missed=4, missed_by_other=4, more=interval(-2, 0, 2))],
    exports=[ExportProof(file="model.onnx", largest_difference=1e-5, agrees=True)],
    open_weeks=[],
    fresher=True,
    carried_loss=0.0,
    withdrawn=False,
)
EQUAL = {"error": interval(-0.3, 0.02, 0.3), "loss": 0.002}


def failed(**changes: Any) -> list[Gate]:
    return [gate for gate in gates_of(GOOD.model_copy(update=changes), SETTINGS) if not gate.passed]


def test_a_better_candidate_is_published() -> None:
    assert failed() == []


def test_an_equal_and_fresher_one_is_published() -> None:
    assert failed(**EQUAL) == []


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"persistence": interval(-2, -0.5, 0.1)}, "not below 0"),
        ({"persistence": None}, "too few to tell it from persistence"),
        ({"error": interval(0.1, 0.3, 0.5), "loss": 0.02}, "worse"),
        ({"error": None}, "too few to tell it from the champion"),
        ({**EQUAL, "fresher": False}, "no later day"),
        ({**EQUAL, "loss": 0.012}, "a loss of 1.20% is not below 1.00%"),
        ({**EQUAL, "carried_loss": 0.009}, "1.10% with what earlier versions lost"),
        (
            {"lows": [MissedEvents(minutes=30, events=9, missed=8, missed_by_other=1, more=interval(3, 7, 11))]},
            "8 of 9",
        ),
        ({"lows": [MissedEvents(minutes=30, events=9, missed=2, missed_by_other=1, more=None)]}, "2 of 9"),
        ({"exports": [ExportProof(file="model.ts", largest_difference=0.4, agrees=False)]}, "model.ts does not"),
        ({"exports": []}, "no exports"),
        ({"open_weeks": ["a, week of 2026-01-05: glucose"]}, "week of 2026-01-05"),
        ({"withdrawn": True}, "rolled back from this very checkpoint"),
    ],
)
def test_each_condition_alone_refuses(changes: dict[str, Any], says: str) -> None:
    [gate] = failed(**changes)
    assert says in gate.why


def test_the_first_needs_no_champion() -> None:
    assert failed(has_champion=False, error=None, loss=None, lows=[]) == []


def test_losses_add_up_until_a_version_is_better() -> None:
    assert loss_carried(GOOD.model_copy(update={**EQUAL, "carried_loss": 0.005})) == pytest.approx(0.007)
    assert loss_carried(GOOD.model_copy(update={"carried_loss": 0.005})) == 0.0
    gained = GOOD.model_copy(update={**EQUAL, "loss": -0.004, "carried_loss": 0.001})
    assert loss_carried(gained) == 0.0
