import json

import numpy as np
import pytest

from bloodtwin_core.cli.main import main
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.control.trial.result import paired_difference, read_result
from bloodtwin_core.control.trial.running import TrialPlan, run_trial


def test_the_same_plan_gives_the_same_figures_in_however_many_processes():
    plans = [TrialPlan(wearers=2, days=1, controllers=("profile", "basal-iq"), processes=count) for count in (1, 2)]
    one, two = (run_trial(plan) for plan in plans)
    assert [arm.measures for arm in one.arms] == [arm.measures for arm in two.arms]
    assert one.model == ""


def test_the_command_leaves_a_result_and_a_page(tmp_path, capsys):
    asked = ["trial", str(tmp_path / "out"), "--controllers", "profile", "quantile", "--wearers", "1", "--days", "1"]
    assert main(asked) == 0
    said = capsys.readouterr().out
    assert "| less profile (95 % interval) |" in said
    page = (tmp_path / "out" / "trial.html").read_text()
    assert "Never to a pump" in page
    assert page.count("<svg") == 2
    assert "http://" not in page.replace("http://www.w3.org", "")
    result = read_result(tmp_path / "out" / "trial.json")
    assert result.model
    assert result.arm("quantile", "everyday").measures["in_range"] == [
        json.loads((tmp_path / "out" / "trial.json").read_text())["arms"][1]["measures"]["in_range"][0]
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["--controllers", "loop"], "'loop' is no controller. There are profile"),
        (["--scenarios", "storm"], "'storm' is no scenario"),
        (["--wearers", "0"], "--wearers is 0. Give 1 to"),
    ],
)
def test_what_there_is_not_is_refused_before_anything_is_lived(tmp_path, capsys, words, said):
    assert main(["trial", str(tmp_path / "out"), *words]) == 2
    assert said in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


def test_an_unknown_controller_is_named():
    with pytest.raises(SettingsError, match="'pid' is no controller"):
        run_trial(TrialPlan(controllers=("pid",)))


def test_a_paired_interval_holds_a_steady_difference_and_sees_none_where_there_is_none():
    theirs = np.linspace(10.0, 40.0, 30)
    noise = np.random.default_rng(1).normal(0.0, 1.0, 30)
    steady = paired_difference(theirs - 2.0 + noise, theirs)
    assert steady.is_less
    assert steady.low < -2.0 < steady.high
    none = paired_difference(theirs + noise - noise.mean(), theirs)
    assert not none.is_less
    assert not none.is_more
    assert paired_difference(theirs[:4], theirs[:4]).low is None
