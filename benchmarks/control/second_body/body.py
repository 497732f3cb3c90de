"""One patient of simglucose as a process that speaks JSON lines; runs in the environment of README.md.

First line in: {"patient": "adult#001", "seed": 1}; out: its settings, as simglucose gives them. Every further line in:
{"basal_rate": U/h, "bolus": U, "carbohydrate": g} for five minutes; out: {"blood": mg/dL, "reading": mg/dL}.
"""

import json
import sys
import types
import warnings
from pathlib import Path


def main() -> None:
    """Answer until there are no more lines."""
    _without_gym()
    import pandas
    import simglucose
    from simglucose.patient.t1dpatient import Action, T1DPatient
    from simglucose.sensor.cgm import CGMSensor

    asked = json.loads(sys.stdin.readline())
    patient = T1DPatient.withName(asked["patient"], seed=asked["seed"])
    sensor = CGMSensor.withName("Dexcom", seed=asked["seed"])
    quest = pandas.read_csv(Path(simglucose.__file__).parent / "params" / "Quest.csv").set_index("Name")
    told = quest.loc[asked["patient"]]
    basal_rate = float(patient._params.u2ss * patient._params.BW / 6000.0 * 60.0)
    _tell({"basal_rate": basal_rate, "correction_factor": float(told.CF), "carbohydrate_ratio": float(told.CR)})
    reading = sensor.measure(patient)
    for line in sys.stdin:
        given = json.loads(line)
        for minute in range(5):
            insulin = given["basal_rate"] / 60.0 + (given["bolus"] if minute == 0 else 0.0)
            patient.step(Action(CHO=given["carbohydrate"] if minute == 0 else 0.0, insulin=insulin))
            shown = sensor.measure(patient)
            reading = shown if shown is not None else reading
        _tell({"blood": float(patient.observation.Gsub), "reading": float(reading)})


def _tell(answer: dict[str, float]) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def _without_gym() -> None:
    """simglucose registers itself with gym where it is imported; only its patients are wanted here."""
    warnings.simplefilter("ignore")
    for name in ("gym", "gym.envs", "gym.envs.registration"):
        sys.modules[name] = types.ModuleType(name)
    sys.modules["gym.envs.registration"].register = lambda **_given: None


if __name__ == "__main__":
    main()
