"""What a dose does to virtual wearers, beside what `what_if` and the base model say: sign and size.

`python -m benchmarks.simulation.insulin_response` prints the tables of docs/insulin.md. The truth is the same life
lived twice, all other insulin held as it was (simulation/lives.py). Errors are medians over moments, in parts of the
true difference.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.insulin.action import FASTER, RAPID, InsulinAction
from bloodtwin_core.insulin.hovorka import HovorkaResponse
from bloodtwin_core.insulin.sensitivity import Sensitivity
from bloodtwin_core.pretrained import base_forecaster
from bloodtwin_core.records import RECORD_MINUTES, RECORDS_PER_DAY, Feature, PumpRecords
from bloodtwin_core.serving import Forecaster
from bloodtwin_core.serving.insulin_plan import DoseChange, InsulinPlan
from bloodtwin_core.serving.what_if import effect_per_unit, what_if
from bloodtwin_core.simulation.history import LivedHistory, live_history
from bloodtwin_core.simulation.lives import lived_twice

SEED, WEARERS, MOMENTS, DAYS = 7, 20, 50, 15
DOSES = (1.0, 3.0, 6.0)
AT = (60, 120, 240)
STEPS = 72
ACTIONS: tuple[InsulinAction, ...] = (RAPID, FASTER, HovorkaResponse())


@dataclass(frozen=True)
class Answers:
    """At moments of one wearer, mg/dL: true effect and effect for a sensitivity of 1, [moment, step], and the rest.

    guessed: sensitivity guessed from 14 days. asked, network: change at 60 minutes that what_if and the network say.
    clipped: where what_if reached a limit.
    """

    truth: Floats
    shapes: dict[str, Floats]
    guessed: float
    asked: Floats
    network: Floats
    clipped: Floats


def main() -> None:
    """Print the tables."""
    forecaster = base_forecaster()
    answers: dict[str, list[Answers]] = {}
    for wearer in range(WEARERS):
        history = live_history(SEED, wearer, DAYS + 1)
        moments = np.sort(np.random.default_rng(wearer).choice(np.arange(RECORDS_PER_DAY), MOMENTS, replace=False))
        for name in (*(f"{dose:g} U" for dose in DOSES), "an hour without basal"):
            answers.setdefault(name, []).append(_answers(history, 14 * RECORDS_PER_DAY + moments, name, forecaster))
    print("\n\n".join([signs_table(answers), sizes_table(answers)]))  # noqa: T201


def _answers(history: LivedHistory, moments: npt.NDArray[np.int64], name: str, forecaster: Forecaster) -> Answers:
    dose, basal = np.zeros(STEPS, np.float32), np.zeros(STEPS, np.float32)
    if name.endswith("U"):
        dose[0] = float(name.split()[0])
    else:
        basal[:12] = -100.0  # lived_twice lets no rate fall below zero.
    plain, changed = lived_twice(history.life, history.run_in + moments, dose, basal)
    guessed = Sensitivity.guessed(history.records.rows(0, 14 * RECORDS_PER_DAY))
    minutes = RECORD_MINUTES * np.arange(1.0, STEPS + 1)
    asked, network, clipped, plans = [], [], [], []
    for moment in moments.tolist():
        records = history.records.rows(moment + 1 - 14 * RECORDS_PER_DAY, moment + 1)
        zone = _zone(history.wearer.utc_offset_hours)
        records = PumpRecords(records.pump_id, records.timestamps, records.values, records.features, zone)
        plan = InsulinPlan([DoseChange(0.0, float(dose[0]))]) if dose[0] else InsulinPlan.suspended(records, 60.0)
        plans.append(plan)
        try:
            answer = what_if(forecaster, records, plan, guessed)
        except DataError:
            continue  # The sensor is silent: there is no forecast to ask.
        asked.append(answer.changed.glucose[11] - answer.plain.glucose[11])
        clipped.append(float(answer.changed.glucose[11] <= 20.0 or answer.changed.glucose[11] >= 600.0))
        network.append(forecaster.forecast(_fed(records, dose[0])).glucose[11] - answer.plain.glucose[11])
    shapes = {action.name: np.stack([effect_per_unit(plan, minutes, action) for plan in plans]) for action in ACTIONS}
    truth = (changed - plain).astype(np.float64)
    return Answers(truth, shapes, guessed.per_unit, np.array(asked), np.array(network), np.array(clipped))


def _zone(hours: int) -> str:
    return f"{'+' if hours >= 0 else '-'}{abs(hours):02}:00"


def _fed(records: PumpRecords, dose: float) -> PumpRecords:
    """The records as the network would be told of the change: in the last record, or the last hour."""
    values = records.values.copy()
    if dose:
        values[-1, Feature.bolus_dose.column] += dose
    else:
        values[-12:, Feature.basal_rate.column] = 0.0
    return PumpRecords(records.pump_id, records.timestamps, values, records.features, records.wearer_zone)


def signs_table(answers: dict[str, list[Answers]]) -> str:
    """At 60 minutes, by change: the mean truth and what is said of it, and how often what_if has the wrong sign."""
    rows = []
    for name, parts in answers.items():
        asked, network, clipped = (
            np.concatenate([getattr(part, field) for part in parts]) for field in ("asked", "network", "clipped")
        )
        truth = np.concatenate([part.truth[:, 11] for part in parts])
        raises = "without" in name
        wrong = int((asked < 0).sum() if raises else (asked[clipped == 0] >= 0).sum())
        means = [f"{each.mean():+.1f}" for each in (truth, asked, network)]
        rows.append([name, str(len(asked)), means[0], means[1], str(wrong), means[2]])
    return _table(
        ["change", "moments", "truth, 60 min", "what_if", "wrong sign", "the base model, told the same"], rows
    )


def sizes_table(answers: dict[str, list[Answers]]) -> str:
    """Median errors of the doses by curve, with the true sensitivity and the guessed one."""
    doses = [part for name, parts in answers.items() if name.endswith("U") for part in parts]
    rows = [
        [action.name, known, *(f"{_error(doses, action.name, at, known):.0%}" for at in AT)]
        for action in ACTIONS
        for known in ("true", "guessed")
    ]
    return _table(["curve", "sensitivity", *(f"{at} min" for at in AT)], rows)


def _table(head: list[str], rows: list[list[str]]) -> str:
    return "\n".join(f"| {' | '.join(row)} |" for row in [head, ["---"] * len(head), *rows])


def _error(parts: list[Answers], action: str, at: int, known: str) -> float:
    step, errors = at // RECORD_MINUTES - 1, []
    for part in parts:
        shape = part.shapes[action]
        per_unit = part.truth[:, -1] / shape[:, -1] if known == "true" else np.full(len(shape), part.guessed)
        errors.append(np.abs(per_unit * shape[:, step] / part.truth[:, step] - 1.0))
    return float(np.median(np.concatenate(errors)))


if __name__ == "__main__":
    main()
