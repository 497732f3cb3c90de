"""Figures of each controller on the second body: `python -m benchmarks.control.second_body PYTHON_OF_README.md`."""

import json
import subprocess
import sys
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from bloodtwin_core.control.controller import Decision
from bloodtwin_core.control.controllers import CONTROLLERS
from bloodtwin_core.control.steering import Pump
from bloodtwin_core.control.trial.measures import MEASURES, LifeSignals, measured
from bloodtwin_core.control.trial.running import forecaster_network
from bloodtwin_core.control.trial.tables import headed, markdown, shown
from bloodtwin_core.records import RECORD_MINUTES, RECORDS_PER_DAY
from bloodtwin_core.simulation.closed_loop import meal_bolus, nothing_lived
from bloodtwin_core.simulation.controller import Therapy, add_active_insulin, pump_dose
from bloodtwin_core.simulation.history import Lot, drawn_lot

PATIENTS = [f"adult#{number:03d}" for number in range(1, 6)]
SEED, DAYS = 31, 2
NAMES = ("profile", "basal-iq", "quantile", "control-iq", "predictive")
RESCUE_BELOW, RESCUE_GRAMS, RESCUE_MINUTES = 70.0, 15.0, 25
LONG_AGO = -(10**6)


@dataclass
class OtherLife:
    """A life of a patient, as far as a Pump looks at it; meals and the wearer's habits are the lot's."""

    lot: Lot
    body: "subprocess.Popen[str]"

    def __post_init__(self) -> None:
        self.lived, self.record = nothing_lived(self.lot.records), 0
        self.active, self.newest, self.last_bolus, self.last_rescue = np.zeros(2), LONG_AGO, LONG_AGO, LONG_AGO

    @property
    def insulin_on_board(self) -> float:
        """As SteeredLife has it."""
        return float(self.active.sum())

    @property
    def reading_age(self) -> float:
        """As SteeredLife has it."""
        return float((self.record - 1 - self.newest) * RECORD_MINUTES)

    @property
    def bolus_age(self) -> float:
        """As SteeredLife has it."""
        return float(self.record * RECORD_MINUTES - self.last_bolus)

    def step(self, decision: Decision) -> None:
        """Five minutes with a decision, the lot's meals and the boluses for them."""
        record, therapy = self.record, self.lot.wearer.therapy
        first, last = record * RECORD_MINUTES, (record + 1) * RECORD_MINUTES
        meals = self.lot.meals
        eaten = float(meals.carbohydrate[(meals.minute >= first) & (meals.minute < last)].sum())
        counted = meals.bolus_carbohydrate[(meals.bolus_minute >= first) & (meals.bolus_minute < last)]
        bolus = pump_dose(decision.bolus)
        for grams in counted.tolist():
            read = float(self.lived.readings[record - 1]) if record else float("nan")
            bolus += meal_bolus(therapy, grams, read, self.insulin_on_board + bolus)
        if record and self.lived.readings[record - 1] < RESCUE_BELOW and first - self.last_rescue >= RESCUE_MINUTES:
            eaten, self.last_rescue = eaten + RESCUE_GRAMS, first
        if bolus > 0.0:
            self.last_bolus = first
        answer = asked(self.body, {"basal_rate": decision.basal_rate, "bolus": bolus, "carbohydrate": eaten})
        self.lived.basal_rate[record], self.lived.bolus[record] = decision.basal_rate, bolus
        self.lived.blood[record] = answer["blood"]
        if self.lot.conditions.reads[record]:
            self.lived.readings[record], self.newest = round(answer["reading"]), record
        more = (decision.basal_rate - therapy.basal_rate) * RECORD_MINUTES / 60.0
        add_active_insulin(self.active, bolus + more)
        self.record += 1


def main(python: str) -> None:
    """Print the table."""
    rows = []
    for name in NAMES:
        figures = [_figures(python, name, place) for place in range(len(PATIENTS))]
        means = {measure: float(np.mean([each[measure] for each in figures])) for measure in MEASURES}
        rows.append([name, *(shown(measure, means[measure]) for measure in MEASURES)])
    print(markdown(["controller", *map(headed, MEASURES)], rows))  # noqa: T201


def _figures(python: str, name: str, place: int) -> dict[str, float]:
    """The measures of one patient under one controller, after its first day."""
    command = [python, str(Path(__file__).parent / "body.py")]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as body:
        settings = asked(body, {"patient": PATIENTS[place], "seed": place + 1})
        lot = drawn_lot(SEED, place, DAYS)
        life = OtherLife(replace(lot, wearer=replace(lot.wearer, therapy=Therapy(**settings))), body)
        controller = CONTROLLERS[name].fresh()
        pump = Pump(life, forecaster_network(None) if controller.wants_forecast else None)  # type: ignore[arg-type]
        decision = Decision(pump.therapy.basal_rate)
        while life.record < lot.records:
            life.step(decision)
            decision = controller.decide(pump.state())
        body.kill()
    kept = slice(RECORDS_PER_DAY, None)
    return measured(LifeSignals(life.lived.blood[kept], life.lived.basal_rate[kept], life.lived.bolus[kept]))


def asked(body: "subprocess.Popen[str]", given: dict[str, object]) -> dict[str, float]:
    """What the body answers. Raises RuntimeError if it ended."""
    assert body.stdin is not None
    assert body.stdout is not None
    body.stdin.write(json.dumps(given) + "\n")
    body.stdin.flush()
    if not (line := body.stdout.readline()):
        raise RuntimeError(f"the second body ended with {body.wait()}: see README.md for its environment")
    answer: dict[str, float] = json.loads(line)
    return answer


if __name__ == "__main__":
    main(sys.argv[1])
