import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.cli.main import main
from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.control.controller import Decision
from bloodtwin_core.control.controllers import controller_kind
from bloodtwin_core.control.controllers.process import ProcessController, oref0
from bloodtwin_core.control.controllers.process import told as told_of
from bloodtwin_core.control.steering import steer
from bloodtwin_core.simulation.history import drawn_lot
from tests.core.control.states import forecast, state

HALF = """
import json, sys
for line in sys.stdin:
    told = json.loads(line)
    rate = told["therapy"]["basal_rate"] / 2 if told["glucose"][-1] is None else told["therapy"]["basal_rate"]
    print(json.dumps({"basal_rate": rate, "bolus": 0.1, "more": "is passed over"}), flush=True)
"""


def asked(program):
    return ProcessController([sys.executable, "-c", program])


def test_a_process_is_told_the_state_and_decides():
    controller = asked(HALF)
    assert controller.decide(state([100.0, 110.0])) == Decision(1.0, 0.1)
    assert controller.decide(state([100.0, float("nan")])) == Decision(0.5, 0.1)


@pytest.mark.parametrize(
    ("program", "said"),
    [
        ("pass", "ended"),
        ("input(); print('hello')", "answered 'hello'"),
        ("input(); print('{\"basal_rate\": -1}')", "answered"),
        ("input(); print('{\"basal_rate\": NaN}')", "answered"),
        ("input(); print('[1]')", "answered"),
    ],
)
def test_what_is_no_decision_is_told_with_what_one_looks_like(program, said):
    with pytest.raises(DataError, match=said) as told:
        asked(program).decide(state([100.0]))
    assert '{"basal_rate": 0.8, "bolus": 0}' in str(told.value)


def test_a_command_that_cannot_be_started_is_named():
    with pytest.raises(SettingsError, match="'/no/such/program' cannot be started"):
        ProcessController(["/no/such/program"]).decide(state([100.0]))


def test_the_process_ends_with_its_controller():
    controller = asked(HALF)
    controller.decide(state([100.0]))
    process = controller._process
    del controller
    assert process.poll() is not None


def test_the_command_takes_a_process_and_holds_it_inside_limits(tmp_path, capsys):
    program = tmp_path / "mine.py"
    program.write_text(HALF)
    words = ["--process", f"mine={sys.executable} {program}", "--controllers", "profile", "mine", "mine-limited"]
    assert main(["trial", str(tmp_path / "out"), "--wearers", "1", "--days", "1", *words]) == 0
    insulin = {
        arm["controller"]: arm["measures"]["insulin"][0]
        for arm in json.loads((tmp_path / "out" / "trial.json").read_text())["arms"]
    }
    assert insulin["profile"] < insulin["mine-limited"] < insulin["mine"]
    capsys.readouterr()
    assert main(["trial", str(tmp_path / "out"), "--process", "profile=cat"]) == 2
    assert "with a new name" in capsys.readouterr().err


def has_oref0():
    node = shutil.which("node")
    if node is None or not os.environ.get("NODE_PATH"):
        return False
    return subprocess.run([node, "-e", "require('oref0/lib/iob')"], capture_output=True).returncode == 0


needs_oref0 = pytest.mark.skipif(
    "not has_oref0()", reason="node with NODE_PATH to oref0 0.7.1 (npm install oref0@0.7.1) is not there"
)


@needs_oref0
def test_oref0_stops_for_a_low_raises_for_a_high_and_says_what_it_expects():
    low, high = oref0(), oref0()
    flat = np.full(96, 1.0, np.float32)
    for controller, glucose in ((low, np.linspace(150, 72, 96)), (high, np.linspace(180, 230, 96))):
        now = state(glucose)
        now = now.__class__(**{**now.__dict__, "basal_rate": flat})
        controller.decision = controller.decide(now)
    assert low.decision.basal_rate == 0.0
    assert high.decision.basal_rate > 1.0
    assert len(high.last_answer["predictions"]["IOB"]) > 12


@needs_oref0
def test_oref0_steers_a_virtual_wearer():
    life = steer(drawn_lot(7, 3, 1), controller_kind("oref0").fresh())
    rates = life.lived.basal_rate[288:]
    assert len(np.unique(rates)) > 10
    assert np.mean(life.lived.blood < 54) < 0.02


def test_the_script_of_oref0_is_part_of_the_package():
    assert Path(oref0().command[1]).name == "oref0.js"


def test_a_process_is_told_the_forecast_and_null_where_there_is_none():
    program = """
import json, sys
for line in sys.stdin:
    told = json.loads(line)["forecast"]
    print(json.dumps({"basal_rate": 9 if told is None else told["quantiles"][-1][0] / 100}), flush=True)
"""
    controller = asked(program)
    assert controller.wants_forecast
    assert controller.decide(state([100.0])) == Decision(9.0)
    told = told_of(state([100.0], forecast=forecast(90.0, spread=40.0)))["forecast"]
    assert (told["minutes"][-1], told["levels"], told["glucose"][0]) == (60, [0.1, 0.5, 0.9], 90.0)
    assert controller.decide(state([100.0], forecast=forecast(90.0, spread=40.0))) == Decision(0.5)
    assert not oref0().wants_forecast
