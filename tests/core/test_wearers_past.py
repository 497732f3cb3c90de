"""What a wearer's own past says goes from records through training to the exports, where a setting asks for it."""

from pathlib import Path
from typing import Any

import numpy as np
import onnxruntime
import pytest
import torch

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import Cell, EvaluationSettings, ExportSettings, ModelSettings, TrainingSettings
from bloodtwin_core.evaluation.baselines import fit_ridge
from bloodtwin_core.evaluation.insulin_response import insulin_response
from bloodtwin_core.export import (
    export_int8,
    export_onnx,
    export_streaming,
    export_torchscript,
    facts_of,
    onnx_facts,
    parity,
    streaming_facts,
    write_test_vector,
)
from bloodtwin_core.network.checkpoint import Checkpoint, load_checkpoint
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.network.past import past_unknown, reads_past, with_unknown_past
from bloodtwin_core.network.scan import scan_windows
from bloodtwin_core.records import FEATURES, PAST_FEATURES, PAST_TABLE, RECORDS_PER_DAY, UNKNOWN_PAST, Split
from bloodtwin_core.serving import Forecaster, StreamingForecaster
from bloodtwin_core.serving.facts import INPUT, READING, WEARER_PAST
from bloodtwin_core.serving.model_json import read_model_json
from bloodtwin_core.serving.onnx_files import load_onnx, load_streaming
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.fit import fit
from bloodtwin_core.training.past_alone import require_past_and_network
from bloodtwin_core.training.start import starting_checkpoint
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.past import with_past
from bloodtwin_core.windows.scaler import FeatureScaler
from tests.core.export.test_export import checkpoint_of
from tests.core.tiny import TINY_DATA, TINY_MODEL, TINY_TRAINING, awake, tiny_windows
from tests.core.training.test_fit import Interrupted, stop_after
from tests.core.training.test_processes import forked

EXPORT = ExportSettings(parity_windows=20, int8=True, int8_max_cost=50.0)
COUNT = 18 * RECORDS_PER_DAY
"""Half of which is to learn from, so that a week of it is known there."""
HARDLY = TINY_TRAINING.model_copy(update={"learning_rate": 1e-9, "max_epochs": 1, "chunk_batch_size": 16})
"""Training that leaves the weights nearly as they were."""


@pytest.fixture(scope="module")
def plain() -> tuple[WindowedSeries, FeatureScaler]:
    return tiny_windows(pumps=1, count=COUNT)


@pytest.fixture(scope="module")
def told(plain: tuple[WindowedSeries, FeatureScaler]) -> WindowedSeries:
    return with_past(plain[0])


@pytest.fixture(scope="module", params=[Cell.lstm, Cell.gru])
def checkpoint(request: pytest.FixtureRequest, plain: tuple[WindowedSeries, FeatureScaler]) -> Checkpoint:
    """Two members with weights for everything, the unknown included."""
    torch.manual_seed(0)
    model = ModelSettings.model_validate({"hidden_size": 8, "cell": request.param, "ensemble_size": 2, "past": True})
    scaler = plain[1].with_past()
    forecaster = awake(GlucoseForecaster(model, TINY_DATA.horizon, scaler, TINY_DATA.lookback).eval())
    for member in forecaster.each_member:
        torch.nn.init.normal_(member.unknown_extra)
        torch.nn.init.normal_(member.unknown_insulin)
    return checkpoint_of(forecaster, model, TINY_DATA, scaler)


@pytest.fixture(scope="module")
def exports(checkpoint: Checkpoint, tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("exports")
    export_onnx(checkpoint, folder / "model.onnx", EXPORT)
    export_torchscript(checkpoint, folder / "model.ts")
    export_streaming(checkpoint, folder / "model_streaming.onnx", EXPORT)
    return folder


def test_a_training_reads_the_past_and_its_checkpoint_says_so(
    plain: tuple[WindowedSeries, FeatureScaler], told: WindowedSeries, tmp_path: Path
) -> None:
    model = TINY_MODEL.model_copy(update={"past": True})
    training = TINY_TRAINING.model_copy(update={"max_epochs": 1, "chunk_batch_size": 16, "hide_past": 0.5})
    folders = CheckpointFolder(tmp_path / "checkpoints")
    fitted = fit(told, plain[1].with_past(), model, training, folders, tmp_path / "tb", "data")
    checkpoint = load_checkpoint(fitted.checkpoint)
    assert checkpoint.forecaster.features == (*FEATURES, *PAST_FEATURES)
    assert checkpoint.model.past
    unknown_extra = checkpoint.forecaster.each_member[0].unknown_extra
    assert unknown_extra is not None
    assert (unknown_extra != 0).all(), "chunks without a past taught it what to do without one"
    rows = told.origins[Split.test].rows
    known = scan_windows(checkpoint.forecaster, told, rows)
    unknown = scan_windows(past_unknown(checkpoint).forecaster, plain[0], rows)
    assert np.isfinite(known).all()
    assert np.isfinite(unknown).all()
    assert (known != unknown).any(), "it makes something of it"


@pytest.mark.parametrize("reads_it", [True, False])
def test_a_training_begins_with_what_a_network_knows_whether_both_read_the_past_or_one(
    plain: tuple[WindowedSeries, FeatureScaler], told: WindowedSeries, tmp_path: Path, reads_it: bool
) -> None:
    reading, alone = TINY_MODEL.model_copy(update={"past": True}), TINY_MODEL
    inputs = {True: (told, plain[1].with_past(), reading), False: (*plain, alone)}
    folders = {name: CheckpointFolder(tmp_path / name) for name in ("before", "after")}
    begun = fit(*inputs[not reads_it], HARDLY, folders["before"], tmp_path / "tb", "data")
    go_on = HARDLY.model_copy(update={"start_from": str(begun.checkpoint)})
    ended = fit(*inputs[reads_it], go_on, folders["after"], tmp_path / "tb", "data")
    before, after = (load_checkpoint(fitted.checkpoint) for fitted in (begun, ended))
    assert after.model.past is reads_it
    assert reads_past(after.forecaster) is reads_it
    rows = plain[0].origins[Split.test].rows
    forecasts = [scan_windows(past_unknown(each).forecaster, plain[0], rows) for each in (before, after)]
    np.testing.assert_allclose(*forecasts, atol=1e-2)


@pytest.fixture(scope="module")
def learnt_alone(
    plain: tuple[WindowedSeries, FeatureScaler], told: WindowedSeries, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Checkpoint, Checkpoint]:
    """A network of two members, and the same after it learnt of the past alone, though weights decay."""
    folder = tmp_path_factory.mktemp("alone")
    model = TINY_MODEL.model_copy(update={"ensemble_size": 2})
    training = TINY_TRAINING.model_copy(
        update={"max_epochs": 2, "weight_decay": 0.5, "hide_basal": 0.5, "chunk_batch_size": 16}
    )
    base = fit(*plain, model, training, CheckpointFolder(folder / "base"), folder / "tb", "data")
    changes = {"start_from": str(base.checkpoint), "past_alone": True, "hide_past": 0.0}
    reading = model.model_copy(update={"past": True})
    folders = CheckpointFolder(folder / "on_top")
    # The windows' own scaler is another one: that of the network is kept.
    other = plain[1].model_copy(update={"centre": [each + 1.0 for each in plain[1].centre]}).with_past()
    on_top = fit(told, other, reading, training.model_copy(update=changes), folders, folder / "tb", "data")
    return load_checkpoint(base.checkpoint), load_checkpoint(on_top.checkpoint)


def test_learning_of_the_past_alone_leaves_the_network_as_it_was_bit_for_bit(
    learnt_alone: tuple[Checkpoint, Checkpoint],
) -> None:
    base, on_top = learnt_alone
    before, after = (each.forecaster.state_dict() for each in (base, past_unknown(on_top)))
    assert before.keys() == after.keys()
    for name, weights in before.items():
        assert torch.equal(weights, after[name]), name
    assert past_unknown(on_top).scaler == base.scaler


def test_learning_of_the_past_alone_makes_something_of_every_input_of_it(
    learnt_alone: tuple[Checkpoint, Checkpoint],
) -> None:
    _, on_top = learnt_alone
    for member in on_top.forecaster.each_member:
        of_past = member.recurrent.weight_ih_l0[:, len(FEATURES) :]
        assert (of_past.abs().amax(dim=0) > 0).all()
        assert (member.unknown_extra == 0).all(), "an unknown past says nothing"


def test_a_wearer_of_whose_past_nothing_is_known_is_forecast_as_before(
    learnt_alone: tuple[Checkpoint, Checkpoint], plain: tuple[WindowedSeries, FeatureScaler]
) -> None:
    base, on_top = learnt_alone
    lookbacks = torch.from_numpy(plain[0].lookbacks(plain[0].origins[Split.test].rows[:50]))
    with torch.inference_mode():
        before = base.forecaster.forecast(lookbacks)
        after = on_top.forecaster.forecast(with_unknown_past(lookbacks))
    for one, other in zip(before, after, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-3)


def test_the_past_is_not_learnt_alone_without_a_past_or_a_network(
    learnt_alone: tuple[Checkpoint, Checkpoint], plain: tuple[WindowedSeries, FeatureScaler], tmp_path: Path
) -> None:
    model = TINY_MODEL.model_copy(update={"ensemble_size": 2})
    for past, start_from, why in (
        (False, str(learnt_alone[0].path), r"model\.past is false\. Set model\.past: true"),
        (True, "", r"there is none\. Name one in training\.start_from"),
    ):
        training = TINY_TRAINING.model_copy(update={"past_alone": True, "start_from": start_from})
        with pytest.raises(SettingsError, match=why):
            fit(
                *plain,
                model.model_copy(update={"past": past}),
                training,
                CheckpointFolder(tmp_path / "c"),
                tmp_path / "tb",
                "data",
            )
    published = TrainingSettings(past_alone=True, start_from="published")
    with pytest.raises(SettingsError, match=r"training\.start_from 'published' holds none yet"):
        require_past_and_network(ModelSettings(past=True), published, None)
    assert not list(tmp_path.iterdir())


def test_the_past_is_not_learnt_alone_on_top_of_one_that_was_learnt_with_everything(
    plain: tuple[WindowedSeries, FeatureScaler], told: WindowedSeries, tmp_path: Path
) -> None:
    reading, scaler = TINY_MODEL.model_copy(update={"past": True}), plain[1].with_past()
    together = TINY_TRAINING.model_copy(update={"max_epochs": 1, "chunk_batch_size": 16})
    joint = fit(told, scaler, reading, together, CheckpointFolder(tmp_path / "joint"), tmp_path / "tb", "data")
    alone = together.model_copy(update={"past_alone": True, "start_from": str(joint.checkpoint)})
    with pytest.raises(SettingsError, match=r"learnt the past together with everything else.*past_alone: false"):
        fit(told, scaler, reading, alone, CheckpointFolder(tmp_path / "alone"), tmp_path / "tb", "data")


def test_the_past_may_be_learnt_alone_once_more(
    learnt_alone: tuple[Checkpoint, Checkpoint], told: WindowedSeries, tmp_path: Path
) -> None:
    base, on_top = learnt_alone
    training = HARDLY.model_copy(update={"learning_rate": 1e-2, "past_alone": True, "start_from": str(on_top.path)})
    fitted = fit(told, on_top.scaler, on_top.model, training, CheckpointFolder(tmp_path / "c"), tmp_path / "tb", "data")
    again = load_checkpoint(fitted.checkpoint)
    weights, before = (each.forecaster.state_dict() for each in (again, on_top))
    name = "members.0.recurrent.weight_ih_l0"
    assert not torch.equal(weights[name], before[name])
    for kept, stays in past_unknown(again).forecaster.state_dict().items():
        assert torch.equal(stays, base.forecaster.state_dict()[kept]), kept


def test_a_broken_training_of_the_past_alone_ends_as_an_unbroken_one(
    learnt_alone: tuple[Checkpoint, Checkpoint], told: WindowedSeries, tmp_path: Path
) -> None:
    base, on_top = learnt_alone
    training = TINY_TRAINING.model_copy(
        update={"max_epochs": 3, "chunk_batch_size": 16, "past_alone": True, "start_from": str(base.path)}
    )

    def learnt(folder: Path, **listening: Any) -> dict[str, torch.Tensor]:
        folders = CheckpointFolder(folder / "checkpoints")
        fitted = fit(told, on_top.scaler, on_top.model, training, folders, folder / "tb", "data", **listening)
        return load_checkpoint(fitted.checkpoint).forecaster.state_dict()

    with pytest.raises(Interrupted):
        learnt(tmp_path / "broken", **stop_after(2))
    unbroken, resumed = learnt(tmp_path / "unbroken"), learnt(tmp_path / "broken")
    for name, weights in unbroken.items():
        assert torch.equal(weights, resumed[name]), name


def test_processes_that_share_the_training_move_nothing_else_either(
    learnt_alone: tuple[Checkpoint, Checkpoint], told: WindowedSeries, tmp_path: Path
) -> None:
    base, on_top = learnt_alone
    training = TINY_TRAINING.model_copy(
        update={
            "max_epochs": 1,
            "chunk_batch_size": 16,
            "past_alone": True,
            "start_from": str(base.path),
            "processes": 2,
        }
    )
    folders = CheckpointFolder(tmp_path / "checkpoints")
    fitted = fit(told, on_top.scaler, on_top.model, training, folders, tmp_path / "tb", "data", launcher=forked())
    shared = load_checkpoint(fitted.checkpoint)
    for name, weights in past_unknown(shared).forecaster.state_dict().items():
        assert torch.equal(weights, base.forecaster.state_dict()[name]), name
    of_past = shared.forecaster.each_member[0].recurrent.weight_ih_l0[:, len(FEATURES) :]
    assert (of_past != 0).any()


def test_who_leaves_a_networks_past_out_is_told(
    learnt_alone: tuple[Checkpoint, Checkpoint], caplog: pytest.LogCaptureFixture
) -> None:
    _, on_top = learnt_alone
    model = on_top.model.model_copy(update={"past": False})
    base = starting_checkpoint(str(on_top.path), model, on_top.lookback, on_top.horizon)
    assert base is not None
    assert not reads_past(base.forecaster)
    assert "reads a wearer's past, which is left out, since model.past is false" in caplog.text


@pytest.mark.parametrize(
    ("asked", "in_windows", "in_scaler", "why"),
    [
        (True, False, False, r"model\.past is true, but the windows .* model\.past: false"),
        (True, True, False, r"model\.past is true, but the scaler .* scaler\.with_past\(\)"),
        (True, False, True, r"model\.past is true, but the windows "),
        (False, True, True, r"model\.past is false, but the windows .*Set model\.past: true"),
        (False, False, True, r"model\.past is false, but the scaler "),
    ],
)
def test_a_training_whose_windows_or_scaler_do_not_fit_the_setting_is_refused(
    plain: tuple[WindowedSeries, FeatureScaler],
    told: WindowedSeries,
    tmp_path: Path,
    asked: bool,
    in_windows: bool,
    in_scaler: bool,
    why: str,
) -> None:
    windows = told if in_windows else plain[0]
    scaler = plain[1].with_past() if in_scaler else plain[1]
    model = TINY_MODEL.model_copy(update={"past": asked})
    with pytest.raises(SettingsError, match=why):
        fit(windows, scaler, model, TINY_TRAINING, CheckpointFolder(tmp_path / "c"), tmp_path / "tb", "data")
    assert not list(tmp_path.iterdir())


def test_a_network_without_its_past_is_the_one_to_which_it_is_unknown(
    checkpoint: Checkpoint, plain: tuple[WindowedSeries, FeatureScaler]
) -> None:
    lookbacks = torch.from_numpy(plain[0].lookbacks(plain[0].origins[Split.test].rows[:50]))
    with torch.inference_mode():
        alone = past_unknown(checkpoint).forecaster.forecast(lookbacks)
        unknown = checkpoint.forecaster.forecast(with_unknown_past(lookbacks))
    for one, other in zip(alone, unknown, strict=True):
        torch.testing.assert_close(one, other, rtol=0, atol=1e-3)
    assert past_unknown(past_unknown(checkpoint)).forecaster.features == FEATURES


def test_torchscript_and_int8_know_no_past(
    checkpoint: Checkpoint, exports: Path, plain: tuple[WindowedSeries, FeatureScaler]
) -> None:
    assert facts_of(checkpoint).features == FEATURES
    assert "wearer_past" not in facts_of(checkpoint).model_dump()
    assert parity(Forecaster.load(exports / "model.ts").predict, checkpoint, plain[0], EXPORT).agrees
    outcome = export_int8(checkpoint, exports / "model.onnx", exports / "model_int8.onnx", plain[0], EXPORT)
    if outcome.written:
        facts = load_onnx(exports / "model_int8.onnx")[1]
        assert (facts.features, facts.wearer_past) == (FEATURES, {})
    write_test_vector(exports / "model.onnx", exports / "test_vector.json")
    assert (exports / "test_vector.json").exists()
    assert not read_model_json(exports).models


def test_onnx_files_take_the_past_and_do_without(
    checkpoint: Checkpoint, exports: Path, plain: tuple[WindowedSeries, FeatureScaler], told: WindowedSeries
) -> None:
    whole, facts = load_onnx(exports / "model.onnx")
    streaming, of_streaming = load_streaming(exports / "model_streaming.onnx")
    assert (facts, of_streaming) == (onnx_facts(checkpoint), streaming_facts(checkpoint))
    rows = plain[0].origins[Split.test].rows[:7]
    for network in (whole, streaming):
        assert network.facts.features == FEATURES
        assert network.facts.wearer_past == {name: row.unit for name, row in PAST_TABLE.items()}
        assert parity(network, checkpoint, told, EXPORT).agrees
        assert parity(network, checkpoint, plain[0], EXPORT).agrees
    for windows in (told, plain[0]):
        lookbacks = windows.lookbacks(rows)
        for given, wanted in zip(streaming.forecast(lookbacks), whole.forecast(lookbacks), strict=True):
            np.testing.assert_allclose(given, wanted, atol=1e-3)
    stream = StreamingForecaster.load(exports / "model_streaming.onnx")
    assert stream.network.facts.wearer_past


@pytest.mark.parametrize("name", ["model.onnx", "model_streaming.onnx"])
def test_the_past_is_an_input_that_a_runtime_need_not_give(exports: Path, name: str) -> None:
    session = onnxruntime.InferenceSession(exports / name, providers=["CPUExecutionProvider"])
    assert WEARER_PAST not in [taken.name for taken in session.get_inputs()]
    assert [each.name for each in session.get_overridable_initializers()] == [WEARER_PAST]
    if name == "model.onnx":
        shape = (3, TINY_DATA.lookback)
        given = {INPUT: np.zeros((*shape, len(FEATURES)), dtype=np.float32)}
    else:
        shape = (3,)
        network, _ = load_streaming(exports / name)
        given = {READING: np.zeros((*shape, len(FEATURES)), dtype=np.float32), **network.zero_states(3)}
    unknown = np.broadcast_to(np.array(UNKNOWN_PAST, dtype=np.float32), (*shape, len(UNKNOWN_PAST)))
    left_out, said = (session.run(["prediction"], {**given, **past})[0] for past in ({}, {WEARER_PAST: unknown}))
    np.testing.assert_array_equal(left_out, said)


def test_baselines_and_questions_of_insulin_take_windows_with_a_past(
    checkpoint: Checkpoint, plain: tuple[WindowedSeries, FeatureScaler], told: WindowedSeries
) -> None:
    settings = EvaluationSettings(ridge_max_windows=500, ridge_penalties=[1.0])
    rows = told.origins[Split.test].rows[:20]
    with_it, without = (fit_ridge(windows, settings).predict(windows, rows) for windows in (told, plain[0]))
    np.testing.assert_array_equal(with_it, without)
    assert insulin_response(checkpoint.forecaster, told, settings, "cpu") is not None
