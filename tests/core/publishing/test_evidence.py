"""What a candidate and a champion are judged on: the same days, which neither has seen."""

from dataclasses import replace
from datetime import datetime, timedelta

import numpy as np
import pytest

from bloodtwin_core.config import EvaluationSettings, PublishingSettings
from bloodtwin_core.publishing.decision import Evidence, ExportProof, gates_of
from bloodtwin_core.publishing.evidence import Circumstances, Contestant, evidence_of, unseen
from bloodtwin_core.publishing.manifest import Learnt
from tests.core.publishing.made import forecasts, with_lows

SETTINGS = EvaluationSettings(bootstrap_samples=200)
FIRST_TESTED = datetime(2024, 3, 1)
BESIDE = Circumstances([ExportProof(file="model.onnx", largest_difference=0.0, agrees=True)], [])


def learnt(days: int = 0) -> dict[str, Learnt]:
    """What was learnt from of both pumps, up to so many days after the first tested one."""
    last = FIRST_TESTED + timedelta(days=days)
    return {pump: Learnt(first=datetime(2024, 1, 1), last=last) for pump in ("pump0", "pump1")}


def judged(candidate: float, champion: float, candidate_days: int = 0, champion_days: int = -7) -> Evidence:
    """The evidence of models that err so far (mg/dL)."""
    return evidence_of(
        Contestant(forecasts(candidate, seed=1), learnt(candidate_days)),
        Contestant(forecasts(champion, seed=2), learnt(champion_days)),
        BESIDE,
        SETTINGS,
    )


def passed(evidence: Evidence) -> bool:
    return all(gate.passed for gate in gates_of(evidence, PublishingSettings()))


def test_a_better_candidate_passes_and_a_worse_one_does_not() -> None:
    assert passed(judged(5.0, 8.0))
    assert not passed(judged(8.0, 5.0))


def test_an_equal_one_passes_if_it_is_fresher() -> None:
    same = forecasts(5.0, seed=1)
    for fresher in (True, False):
        own, other = learnt(0), learnt(-7 if fresher else 0)
        assert passed(evidence_of(Contestant(same, own), Contestant(same, other), BESIDE, SETTINGS)) is fresher


def test_no_day_counts_that_either_has_seen() -> None:
    evidence = judged(5.0, 8.0, candidate_days=1, champion_days=4)
    assert set(evidence.judged_from.values()) == {FIRST_TESTED + timedelta(days=4)}
    assert evidence.days == 12
    assert judged(5.0, 8.0, candidate_days=30).error is None


def test_a_champion_that_saw_the_days_gains_nothing_by_it() -> None:
    """The split moved on: the champion knows by heart what the candidate is tested on."""
    champion = forecasts(8.0, seed=2)
    by_heart = champion.timestamp < np.datetime64(FIRST_TESTED + timedelta(days=4))
    knows = replace(champion, model=np.where(by_heart[:, None], champion.target, champion.model))
    honest = evidence_of(Contestant(forecasts(5.0, seed=1), learnt()), Contestant(knows, learnt(4)), BESIDE, SETTINGS)
    assert passed(honest)
    fooled = evidence_of(Contestant(forecasts(5.0, seed=1), learnt()), Contestant(knows, learnt(-7)), BESIDE, SETTINGS)
    assert not passed(fooled)


def test_a_pump_that_only_one_knows_is_judged_whole() -> None:
    only_first = {"pump0": learnt(4)["pump0"]}
    kept = unseen(forecasts(5.0), only_first)
    assert (kept.pump == "pump1").sum() == 480
    assert (kept.pump == "pump0").sum() == 288


@pytest.mark.parametrize("blind", [True, False])
def test_more_missed_lows_refuse_a_candidate_that_errs_less(blind: bool) -> None:
    candidate = with_lows(forecasts(5.0, seed=1), announced=not blind)
    champion = with_lows(forecasts(5.0, seed=2), announced=True)
    evidence = evidence_of(Contestant(candidate, learnt()), Contestant(champion, learnt(-7)), BESIDE, SETTINGS)
    [gate] = [gate for gate in gates_of(evidence, PublishingSettings()) if gate.name == "misses no more lows"]
    assert gate.passed is not blind
    assert evidence.lows[0].events == 20
    assert evidence.lows[0].missed == (20 if blind else 0)
