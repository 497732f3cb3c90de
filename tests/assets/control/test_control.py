"""The trial of the published model, and what is said where a new version suspends worse."""

from pathlib import Path

import dagster as dg

from bloodtwin_core.control.trial.result import Arm, TrialResult
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.control import ControlTrial, control_stage, stored_trial
from bloodtwin_core.pretrained.files import ONNX_STREAMING, shipped_file
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.sources.settings import settings_model
from tests.assets.tiny_graph import TINY, Graph, evaluations
from tests.core.publishing.made import NOW, version


def test_a_run_tries_the_published_model_beside_basal_iqs_rule(
    finished: tuple[Graph, dg.ExecuteInProcessResult],
) -> None:
    trial = stored_trial(finished[0].store)
    assert trial.result.controllers[0] == "basal-iq"
    assert trial.in_use.startswith("quantile of ")
    assert not trial.before
    checked = evaluations(finished[1])["suspension_no_worse"]
    assert checked.passed
    assert "nothing to compare with" in str(checked.description)


def test_a_second_version_is_tried_beside_the_first_on_the_same_lives(tmp_path: Path) -> None:
    store = ArtifactStore(tmp_path / "tiny")
    published, files = PublishedStore(store.published), {"model_streaming.onnx": shipped_file(ONNX_STREAMING)}
    for name in ("0001-a", "0002-b"):
        published.add(version(name, files), files)
        published.switch(name, "a test", NOW)
    trial = control_stage(store, settings_model().model_validate(TINY))
    assert (trial.in_use, trial.before) == ("quantile of 0002-b", "quantile of 0001-a")
    assert [change.value for change in trial.changes().values()] == [0.0, 0.0]
    assert stored_trial(store).result == trial.result


def test_more_time_below_70_beyond_the_interval_fails() -> None:
    def arm(name: str, below: float) -> Arm:
        shares = [below + 0.1 * wearer for wearer in range(8)]
        return Arm(controller=name, scenario="everyday", measures={"below_70": shares, "below_54": shares}, seconds=1.0)

    names = ["basal-iq", "new", "old"]
    arms = [arm("basal-iq", 1.0), arm("new", 2.0), arm("old", 1.5)]
    result = TrialResult(seed=1, wearers=8, days=1, controllers=names, scenarios=["everyday"], model="", arms=arms)
    assert ControlTrial(result, "new", "old").worse == ["below_70", "below_54"]
    assert ControlTrial(result, "old", "new").worse == []
