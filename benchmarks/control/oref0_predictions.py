"""What oref0 expects beside what the base model does, on virtual wearers under Control-IQ.

`NODE_PATH=.../node_modules python -m benchmarks.control.oref0_predictions` prints mean absolute errors (mg/dL) against
the sensor 30 and 60 minutes later. oref0 expects several things: IOB, that only insulin acts; UAM, there only while
glucose rises unexplained, that the rise goes on for a while and ends.
"""

from collections import defaultdict

import numpy as np

from bloodtwin_core.control.controllers.control_iq import ControlIQ
from bloodtwin_core.control.controllers.process import oref0
from bloodtwin_core.control.steering import Pump
from bloodtwin_core.pretrained import base_streaming_forecaster
from bloodtwin_core.records import RECORD_MINUTES, RECORDS_PER_DAY
from bloodtwin_core.simulation.controller import pump_dose
from bloodtwin_core.simulation.history import drawn_lot
from bloodtwin_core.simulation.steered import SteeredLife

SEED, WEARERS, DAYS, EVERY = 31, 6, 3, 6
AT = (30, 60)


def main() -> None:
    """Print the table."""
    errors: dict[tuple[str, int], list[float]] = defaultdict(list)
    for wearer in range(WEARERS):
        _live(wearer, errors)
    names = dict.fromkeys(name for name, _ in errors)
    print("| who | moments | 30 min | 60 min |\n| --- | --- | --- | --- |")  # noqa: T201
    for name in names:
        figures = " | ".join(f"{np.mean(errors[name, at]):.1f}" for at in AT)
        print(f"| {name} | {len(errors[name, AT[0]])} | {figures} |")  # noqa: T201


def _live(wearer: int, errors: dict[tuple[str, int], list[float]]) -> None:
    """One life, and what was expected in it."""
    life = SteeredLife(drawn_lot(SEED, wearer, DAYS))
    pump, controller, other = Pump(life, base_streaming_forecaster().network), ControlIQ(), oref0()
    rate, bolus, expected = pump.therapy.basal_rate, 0.0, []
    while not life.over:
        life.step(rate, pump_dose(bolus))
        now = pump.state()
        decision = controller.decide(now)
        rate, bolus = decision.basal_rate, decision.bolus
        if life.record % EVERY == 0 and life.record > RECORDS_PER_DAY and now.forecast is not None and now.is_fresh:
            other.decide(now)
            told = {"persistence": [now.newest] * 13, "base model": [now.newest, *now.forecast.glucose]}
            predictions = other.last_answer["predictions"] or {}
            told |= {f"oref0, {name}": predictions.get(name, []) for name in ("IOB", "UAM")}
            expected.append((life.record - 1, told))
    for record, told in expected:
        steps = [at // RECORD_MINUTES for at in AT]
        if record + steps[-1] >= life.record:
            continue
        came = [life.lived.readings[record + step] for step in steps]
        if not np.isnan(came).any():
            for name, path in told.items():
                if len(path) <= steps[-1]:
                    continue
                for at, step, reading in zip(AT, steps, came, strict=True):
                    errors[name, at].append(abs(float(path[step]) - float(reading)))


if __name__ == "__main__":
    main()
