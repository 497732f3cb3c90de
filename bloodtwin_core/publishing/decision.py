"""Whether a candidate becomes the champion: a pure function of the evidence, each condition with its words.

The candidate must be better than persistence; better than the champion, or equal and fresher; miss no more lows; have
exports that load and agree; and stand on no week whose drift nobody has looked at. "Better" and "more" mean: the 95 %
interval of the paired difference over the same days does not hold 0. Losses that fresher versions take within "equal"
add up until a version is shown to be better, so that a year of small ones does not become a large one.
"""

from datetime import datetime
from enum import StrEnum

from bloodtwin_core.config.publishing import PublishingSettings
from bloodtwin_core.evaluation.clinical.missed_events import MissedEvents
from bloodtwin_core.evaluation.figures import Interval, Result


class Verdict(StrEnum):
    """What became of a candidate."""

    published = "published"
    refused = "refused"
    unchanged = "unchanged"


class Compared(Result):
    """One metric (mg/dL) on the judged days; difference: candidate minus champion. None where not measured."""

    metric: str
    candidate: float | None
    champion: float | None
    persistence: float | None
    difference: Interval | None


class ExportProof(Result):
    """How far (mg/dL) an export lies from its checkpoint, on real windows."""

    file: str
    largest_difference: float
    agrees: bool


class Evidence(Result):
    """What a decision rests on.

    windows and days: that both are judged on. judged_from: of each pump, the moment from which on neither learnt or
    was chosen. error and persistence: candidate minus champion, and minus persistence, of the MAE over the first hour
    (mg/dL), None where too few days tell; loss: the first as a share of the champion's MAE. open_weeks: weeks with
    drift, in words, that the candidate learnt from or was chosen on and nobody has looked at. fresher: whether it
    learnt from later days than the champion. carried_loss: the champion's. withdrawn: somebody rolled back from it.
    """

    windows: int
    days: int
    judged_from: dict[str, datetime]
    has_champion: bool
    figures: list[Compared]
    error: Interval | None
    persistence: Interval | None
    loss: float | None
    lows: list[MissedEvents]
    exports: list[ExportProof]
    open_weeks: list[str]
    fresher: bool
    carried_loss: float
    withdrawn: bool


class Gate(Result):
    """One condition, whether it is met, and why."""

    name: str
    passed: bool
    why: str


class Decision(Result):
    """decision.json: what became of a candidate (its checkpoint's sha256) beside the champion (a version, or empty).

    evidence is None where there was nothing to decide: the candidate is the champion.
    """

    verdict: Verdict
    at: datetime
    candidate: str
    champion: str
    gates: list[Gate]
    evidence: Evidence | None = None

    @property
    def why(self) -> str:
        """In a sentence: what held it back, else what spoke for it."""
        failed = [gate.why for gate in self.gates if not gate.passed]
        return "; ".join(failed or [gate.why for gate in self.gates[:2]])


def gates_of(evidence: Evidence, settings: PublishingSettings) -> list[Gate]:
    """Every condition of being published; all must pass."""
    return [
        _persistence(evidence),
        _champion(evidence, settings.largest_loss),
        _lows(evidence.lows) if evidence.has_champion else Gate(name="lows", passed=True, why="no champion to compare"),
        _exports(evidence.exports),
        _drift(evidence.open_weeks),
        _not_withdrawn(evidence.withdrawn),
    ]


def loss_carried(evidence: Evidence) -> float:
    """What the candidate would carry on as champion: nothing where it is better, else the losses together."""
    if not evidence.has_champion or evidence.loss is None or (evidence.error and evidence.error.high < 0):
        return 0.0
    return max(0.0, evidence.carried_loss + evidence.loss)


def _persistence(evidence: Evidence) -> Gate:
    name, error = "better than persistence", evidence.persistence
    if error is None:
        why = f"{evidence.days} days to judge on are too few to tell it from persistence"
        return Gate(name=name, passed=False, why=why)
    passed = error.high < 0
    return Gate(
        name=name, passed=passed, why=f"MAE minus persistence's is {_told(error)}{'' if passed else ', not below 0'}"
    )


def _champion(evidence: Evidence, largest_loss: float) -> Gate:
    name, error, loss = "better than the champion, or equal and fresher", evidence.error, evidence.loss
    if not evidence.has_champion:
        return Gate(name=name, passed=True, why="nothing is in use")
    if error is None or loss is None:
        why = f"{evidence.days} days that neither knows are too few to tell it from the champion"
        return Gate(name=name, passed=False, why=why)
    beside = f"MAE minus the champion's is {_told(error)}"
    if error.high < 0:
        return Gate(name=name, passed=True, why=f"{beside}: better")
    if error.low > 0:
        return Gate(name=name, passed=False, why=f"{beside}: worse")
    carried = loss_carried(evidence)
    if max(loss, carried) >= largest_loss:
        told = f"{max(loss, carried):.2%} with what earlier versions lost" if carried > loss else f"{loss:.2%}"
        return Gate(
            name=name,
            passed=False,
            why=f"{beside}: no difference shown, but a loss of {told} is not below {largest_loss:.2%}",
        )
    if not evidence.fresher:
        return Gate(name=name, passed=False, why=f"{beside}: equal, and it learnt from no later day")
    return Gate(name=name, passed=True, why=f"{beside}: equal, and it learnt from later days")


def _lows(lows: list[MissedEvents]) -> Gate:
    told = []
    passed = True
    for each in lows:
        more = each.missed - each.missed_by_other
        beyond_chance = each.more.low > 0 if each.more else more > 0
        passed = passed and not beyond_chance
        told.append(
            f"{each.missed} of {each.events} missed {each.minutes} min ahead, the champion {each.missed_by_other}"
        )
    return Gate(name="misses no more lows", passed=passed, why="lows: " + ", ".join(told or ["none forecast so far"]))


def _exports(exports: list[ExportProof]) -> Gate:
    wrong = [each.file for each in exports if not each.agrees]
    why = f"{', '.join(wrong)} does not forecast what the checkpoint does" if wrong else "exports agree and load"
    return Gate(name="exports agree and load", passed=bool(exports) and not wrong, why=why if exports else "no exports")


def _drift(open_weeks: list[str]) -> Gate:
    shown = ", ".join(open_weeks[:3]) + (f" and {len(open_weeks) - 3} more" if len(open_weeks) > 3 else "")
    why = (
        f"it learnt from or was chosen on weeks that drifted and that nobody has looked at: {shown}"
        if open_weeks
        else "no open drift on the days that it learnt from or was chosen on"
    )
    return Gate(name="no open drift", passed=not open_weeks, why=why)


def _not_withdrawn(withdrawn: bool) -> Gate:
    why = "somebody rolled back from this very checkpoint" if withdrawn else "nobody rolled back from it"
    return Gate(name="not rolled back from", passed=not withdrawn, why=why)


def _told(interval: Interval) -> str:
    return f"{interval.value:+.3f} mg/dL ({interval.low:+.3f} to {interval.high:+.3f})"
