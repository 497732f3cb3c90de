"""A run that asks for a wearer's past: every stage reads it from the same windows, whose files have none of it."""

import numpy as np
import pytest

from bloodtwin_core.common.errors import CheckpointMismatch
from bloodtwin_core.export import ParityReport
from bloodtwin_core.pipeline import exports
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.evaluation import evaluation_stage
from bloodtwin_core.pipeline.exports import (
    onnx_parity,
    onnx_stage,
    streaming_parity,
    streaming_stage,
    torchscript_parity,
    torchscript_stage,
)
from bloodtwin_core.pipeline.personal import personal_stage
from bloodtwin_core.pipeline.records import records_stage
from bloodtwin_core.pipeline.scaler import scaler_stage
from bloodtwin_core.pipeline.training import train_stage
from bloodtwin_core.pipeline.upstream import stored_checkpoint, stored_windows, windows_read
from bloodtwin_core.pipeline.windows import windows_stage
from bloodtwin_core.records import FEATURES, PAST_FEATURES
from bloodtwin_core.sources.settings import settings_model
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.scaler import read_scaler
from tests.assets.tiny_graph import TINY

PLAIN = settings_model().model_validate(TINY)
SETTINGS = PLAIN.model_copy(update={"model": PLAIN.model.model_copy(update={"past": True})})
WITH_PAST = (*FEATURES, *PAST_FEATURES)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> ArtifactStore:
    store = ArtifactStore(tmp_path_factory.mktemp("past") / "tiny")
    for stage in (records_stage, scaler_stage, windows_stage, train_stage):
        stage(store, SETTINGS)
    return store


def test_training_reads_it_beside_windows_and_scaler_that_stay_what_they_are(store: ArtifactStore) -> None:
    windows, index = windows_read(store, SETTINGS)
    assert windows.features == stored_checkpoint(store).forecaster.features == WITH_PAST
    assert stored_windows(store)[0].features == windows_read(store, PLAIN)[0].features == FEATURES
    assert read_scaler(store.scaler_json).columns == FEATURES
    assert stored_checkpoint(store).data_fingerprint == index.fingerprint


def test_test_and_copies_read_it_too(store: ArtifactStore) -> None:
    assert evaluation_stage(store, SETTINGS).complete.pooled is not None
    assert personal_stage(store, SETTINGS).unified_sha256 == stored_checkpoint(store).sha256


def test_exports_agree_with_the_checkpoint(store: ArtifactStore) -> None:
    for stage, parity in (
        (torchscript_stage, torchscript_parity),
        (onnx_stage, onnx_parity),
        (streaming_stage, streaming_parity),
    ):
        stage(store, SETTINGS)
        assert parity(store, SETTINGS).agrees


@pytest.mark.parametrize("told", [True, False])
def test_parity_is_that_of_the_past_as_it_is_known_and_unknown_whichever_is_worse(
    store: ArtifactStore, monkeypatch: pytest.MonkeyPatch, told: bool
) -> None:
    onnx_stage(store, SETTINGS)

    def apart(_predict: object, _checkpoint: object, windows: WindowedSeries, _settings: object) -> ParityReport:
        wrong = (windows.features == WITH_PAST) is told
        return ParityReport(1, float("nan") if wrong else 0.0, 1e-3, "sim001", np.datetime64("2024-01-01", "s"))

    monkeypatch.setattr(exports, "parity", apart)
    assert not onnx_parity(store, SETTINGS).agrees


def test_a_checkpoint_that_reads_it_is_no_other_settings_network(store: ArtifactStore) -> None:
    with pytest.raises(CheckpointMismatch, match=r"model\.past was True and is False now"):
        evaluation_stage(store, PLAIN)
