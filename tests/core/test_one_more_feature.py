"""One more feature costs a row of the table and the sources that know it: everything between them takes it along."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
import torch

from bloodtwin_core.common.errors import ArtifactMissing, DataError, SettingsError
from bloodtwin_core.config import (
    Cell,
    DataSettings,
    EvaluationSettings,
    ExportSettings,
    ModelSettings,
    TrainingSettings,
)
from bloodtwin_core.evaluation.baselines import fit_ridge
from bloodtwin_core.export import export_onnx, export_streaming, export_torchscript, facts_of, parity, write_test_vector
from bloodtwin_core.export.vectors import ReferenceVector
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.network.forecaster import GlucoseForecaster
from bloodtwin_core.records import (
    CARBOHYDRATES,
    FEATURE_TABLE,
    FEATURES,
    FeatureRow,
    Limits,
    PumpRecords,
    records_from_signals,
)
from bloodtwin_core.records.raw_splits import describe, load_splits, scaler_records, window_records
from bloodtwin_core.records.splitting import write_split_files
from bloodtwin_core.serving import Forecaster, StreamingForecaster
from bloodtwin_core.serving.onnx_files import load_onnx
from bloodtwin_core.sources.settings import data_model
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.fit import fit
from bloodtwin_core.windows import WindowedSeries, window_series
from bloodtwin_core.windows.scaler import FeatureScaler, fit_scaler
from bloodtwin_core.windows.storage import fingerprint_of, read_windows, write_windows
from tests.core.export.test_export import checkpoint_of
from tests.core.tiny import TINY_DATA, TINY_MODEL, TINY_TRAINING, tiny_records, tiny_windows

STEPS = "steps"
BOTH = [CARBOHYDRATES, STEPS]
EXPORT = ExportSettings(parity_windows=20)


@pytest.fixture(autouse=True)
def _one_row_more(monkeypatch: pytest.MonkeyPatch) -> None:
    """All that the packages need to know of it."""
    monkeypatch.setitem(FEATURE_TABLE, STEPS, FeatureRow("1", Limits(0.0, 2000.0, "1"), True, spread=100.0))


def known_by_a_source(pump_id: str, seed: int) -> PumpRecords:
    """A history with meals, steps, and an hour of which nobody knows either."""
    records = tiny_records(pump_id, count=600, seed=seed).with_features((*FEATURES, *BOTH))
    random = np.random.default_rng(seed)
    records.values[:, 8] = np.where(random.random(600) < 0.05, random.uniform(10, 80, 600), 0.0)
    records.values[:, 9] = random.integers(0, 400, 600) * (random.random(600) < 0.4)
    for start in (100, 440, 560):
        records.values[start : start + 12, 8:] = np.nan
    return records


def prepared(folder: Path) -> tuple[WindowedSeries, FeatureScaler]:
    """From a source through split files to windows as they are stored."""
    settings = TINY_DATA.model_copy(update={"extra_features": BOTH})
    files = write_split_files([known_by_a_source(f"p{seed}", seed) for seed in (1, 2)], settings, folder / "splits")
    raw = describe("test", files, folder, extra_features=settings.extra_features)
    loaded = load_splits(raw, folder)
    scaler = fit_scaler(scaler_records(loaded))
    write_windows(folder / "windows", window_series(window_records(loaded), scaler, settings), raw.fingerprint)
    return read_windows(folder / "windows")[0], scaler


@pytest.mark.parametrize("cell", list(Cell))
def test_one_more_feature_goes_from_a_source_to_every_export(cell: Cell, tmp_path: Path) -> None:
    windows, scaler = prepared(tmp_path)
    assert windows.features == tuple(scaler.features) == (*FEATURES, *BOTH)
    assert scaler.scale[8] == 10.0, "0 in most records, so its scale is the table's"
    model = TINY_MODEL.model_copy(update={"cell": cell})
    checkpoint = load_checkpoint(trained(tmp_path, windows, scaler, model))
    facts = facts_of(checkpoint)
    assert list(facts.feature_units.items())[8:] == [("carbohydrates", "g"), ("steps", "1")]
    assert facts.may_be_nan == ("basal_rate", "bolus_dose", "carbohydrates", "steps")
    assert list(facts.feature_centre) == [*FEATURES, *BOTH]
    export_onnx(checkpoint, tmp_path / "model.onnx", EXPORT)
    export_torchscript(checkpoint, tmp_path / "model.ts")
    export_streaming(checkpoint, tmp_path / "model_streaming.onnx", EXPORT)
    stream = StreamingForecaster.load(tmp_path / "model_streaming.onnx")
    whole = Forecaster.load(tmp_path / "model.onnx")
    for predict in (whole.predict, Forecaster.load(tmp_path / "model.ts").predict, stream.network):
        assert parity(predict, checkpoint, windows, EXPORT).agrees
    records = known_by_a_source("p3", 3).rows(400, 400 + TINY_DATA.lookback)
    stream.feed(records)
    np.testing.assert_allclose(stream.forecast().glucose, whole.forecast(records).glucose, atol=1e-3)
    eight = records.with_features(FEATURES)
    unknown = eight.with_features(whole.facts.features)
    np.testing.assert_array_equal(whole.forecast(eight).glucose, whole.forecast(unknown).glucose)
    assert (whole.forecast(eight).glucose != whole.forecast(records).glucose).any(), "it makes something of it"


def test_a_test_vector_feeds_every_feature_within_its_limits(tmp_path: Path) -> None:
    _, scaler = extended_scaler()
    network = GlucoseForecaster(TINY_MODEL, TINY_DATA.horizon, scaler, TINY_DATA.lookback).eval()
    export_onnx(checkpoint_of(network, TINY_MODEL, TINY_DATA, scaler), tmp_path / "model.onnx", EXPORT)
    write_test_vector(tmp_path / "model.onnx", tmp_path / "vector.json")
    measured, gaps = ReferenceVector.model_validate_json((tmp_path / "vector.json").read_text()).cases
    assert list(measured.extra) == list(scaler.features[8:])
    assert {name: max(filter(None, values)) for name, values in measured.extra.items()} == {
        name: 4.5 * FEATURE_TABLE[name].spread for name in scaler.features[8:]
    }
    inputs = np.array(measured.input, dtype=float)[:, 8:]
    assert (inputs.max(axis=0) > 0).all(), "inside the lookback"
    assert all(None in values for values in gaps.extra.values())
    made = records_from_signals(
        "p",
        np.array([time.removesuffix("Z") for time in gaps.timestamps], dtype="datetime64[s]"),
        *(np.array(signal, dtype=float) for signal in (gaps.bg, gaps.basal_rate, gaps.bolus_dose)),
        {name: np.array(values, dtype=float) for name, values in gaps.extra.items()},
    )
    forecast = Forecaster.load(tmp_path / "model.onnx").forecast(
        dataclasses.replace(made, wearer_zone=gaps.wearer_zone)
    )
    np.testing.assert_allclose(forecast.glucose, gaps.prediction, atol=1e-3)


def test_windows_of_other_features_have_another_fingerprint() -> None:
    windows, _ = tiny_windows()
    assert windows.features == FEATURES
    series = np.concatenate([windows.series, np.zeros((len(windows.series), 1), dtype=np.float32)], axis=1)
    named = [fingerprint_of(dataclasses.replace(windows, series=series, features=(*FEATURES, name))) for name in BOTH]
    assert len(set(named)) == 2


def test_the_setting_describes_every_extra_feature() -> None:
    data_model.cache_clear()
    described = data_model().model_fields["extra_features"].description
    data_model.cache_clear()
    assert described is not None
    assert "carbohydrates (g announced in a record's five minutes), steps (1)" in described


def trained(folder: Path, windows: WindowedSeries, scaler: FeatureScaler, model: ModelSettings) -> Path:
    settings = TINY_TRAINING.model_copy(update={"max_epochs": 1})
    return fit(windows, scaler, model, settings, CheckpointFolder(folder / "ckpt"), folder / "tb", "data").checkpoint


def test_ridge_sees_what_the_network_sees(tmp_path: Path) -> None:
    windows, _ = prepared(tmp_path)
    settings = EvaluationSettings(ridge_max_windows=200)
    alone = dataclasses.replace(windows, series=windows.series[:, :8], features=FEATURES)
    more, fewer = (fit_ridge(each, settings).weights.shape[0] for each in (windows, alone))
    assert more - fewer == len(BOTH) * windows.lookback


def test_the_unknown_has_a_constant_of_its_own_that_is_learned() -> None:
    _, scaler = extended_scaler()
    network = GlucoseForecaster(TINY_MODEL, TINY_DATA.horizon, scaler, TINY_DATA.lookback).eval()
    window = network.centre.expand(2, TINY_DATA.lookback, -1).clone()
    unknown = window.clone()
    unknown[:, 5:, 8] = torch.nan
    torch.testing.assert_close(network(unknown), network(window), msg="it starts as the usual value")
    network(unknown).sum().backward()
    learned = network.each_member[0].unknown_extra
    assert learned is not None
    assert learned.grad is not None
    assert (learned.grad != 0).tolist() == [True, False]


def extended_scaler() -> tuple[WindowedSeries, FeatureScaler]:
    windows, scaler = tiny_windows()
    more = {"features": [*scaler.features, *BOTH], "centre": [*scaler.centre, 0, 0], "scale": [*scaler.scale, 10, 100]}
    return windows, FeatureScaler.model_validate({**scaler.model_dump(), **more})


def test_a_network_of_the_eight_has_the_weights_that_it_always_had() -> None:
    _, scaler = tiny_windows()
    network = GlucoseForecaster(TINY_MODEL, TINY_DATA.horizon, scaler, TINY_DATA.lookback)
    names = [name.removeprefix("members.0.") for name in network.state_dict()]
    assert "unknown_insulin" in names
    assert "unknown_extra" not in names
    assert network.state_dict()["members.0.unknown_insulin"].shape == (2,)


def test_a_checkpoint_and_an_export_without_a_list_have_the_eight(tmp_path: Path) -> None:
    windows, scaler = tiny_windows()
    path = trained(tmp_path, windows, scaler, TINY_MODEL)
    content = torch.load(path, weights_only=True)
    del content["hyper_parameters"]["scaler"]["features"]
    torch.save(content, path)
    checkpoint = load_checkpoint(path)
    assert checkpoint.forecaster.features == FEATURES
    without = facts_of(checkpoint).model_dump(exclude={"feature_units"})
    assert type(facts_of(checkpoint)).model_validate(without).features == FEATURES


def test_a_file_with_a_feature_from_another_version_is_refused_by_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    windows, scaler = prepared(tmp_path)
    path = trained(tmp_path, windows, scaler, TINY_MODEL)
    export_onnx(load_checkpoint(path), tmp_path / "model.onnx", EXPORT)
    monkeypatch.delitem(FEATURE_TABLE, STEPS)
    for read in (lambda: load_checkpoint(path), lambda: read_windows(tmp_path / "windows")):
        with pytest.raises(ArtifactMissing, match="does not know: steps"):
            read()
    with pytest.raises(ArtifactMissing, match="does not know: steps"):
        load_onnx(tmp_path / "model.onnx")


def test_a_training_starts_from_a_network_with_the_same_features_alone(tmp_path: Path) -> None:
    windows, scaler = tiny_windows()
    base = trained(tmp_path / "base", windows, scaler, TINY_MODEL)
    more, extended = prepared(tmp_path)
    settings = TrainingSettings.model_validate({**TINY_TRAINING.model_dump(), "start_from": str(base)})
    with pytest.raises(SettingsError, match=r"data\.extra_features is \[carbohydrates, steps\], but \[\] there"):
        fit(more, extended, TINY_MODEL, settings, CheckpointFolder(tmp_path / "ckpt"), tmp_path / "tb", "data")


def test_a_feature_that_no_training_record_knows_is_refused() -> None:
    nobody = tiny_records().with_features((*FEATURES, CARBOHYDRATES))
    with pytest.raises(
        DataError, match=r"no training record of data\.source knows carbohydrates.*data\.extra_features"
    ):
        fit_scaler([nobody])


def test_the_default_asks_for_nothing_more() -> None:
    assert DataSettings().extra_features == []
