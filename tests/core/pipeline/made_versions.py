"""A tiny model with two published versions and a candidate for a third, on records that grow."""

from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from bloodtwin_core.config import DataSettings, Settings
from bloodtwin_core.pipeline.alarms import alarm_stage
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.evaluation import evaluation_stage
from bloodtwin_core.pipeline.exports import onnx_stage, streaming_stage, torchscript_stage
from bloodtwin_core.pipeline.publishing import Publication, publish_stage
from bloodtwin_core.pipeline.records import records_stage
from bloodtwin_core.pipeline.scaler import scaler_stage
from bloodtwin_core.pipeline.training import train_stage
from bloodtwin_core.pipeline.windows import windows_stage
from bloodtwin_core.records.splitting import write_split_files
from bloodtwin_core.sources.settings import settings_model
from tests.assets.tiny_graph import TINY
from tests.core.tiny import tiny_records

NOW = datetime(2026, 1, 5, 4, tzinfo=UTC)
RECORDS = (1200, 1400, 1600)
STAGES = (records_stage, scaler_stage, windows_stage, train_stage, evaluation_stage, alarm_stage)
EXPORTS = (torchscript_stage, onnx_stage, streaming_stage)


def settings_of(bank: Path) -> Settings:
    """Split files of a folder, and a training that begins with the version in use."""
    changed: dict[str, Any] = {
        "data": {"source": "bloodbank", "root": str(bank), "lookback": 36, "stride": 4},
        "training": {**TINY["training"], "start_from": "published"},
        "evaluation": {**TINY["evaluation"], "bootstrap_samples": 100},
    }
    return settings_model().model_validate({**TINY, **changed})


def published_without_proof(store: ArtifactStore, settings: Settings) -> Publication:
    """Publish the candidate: there are too few days to tell a good model from another."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("bloodtwin_core.pipeline.publishing.gates_of", lambda *_: [])
        return publish_stage(store, settings, NOW)


def made(folder: Path) -> tuple[ArtifactStore, Settings]:
    """Where the versions lie, and the settings that they are made with."""
    return ArtifactStore(folder / "tiny"), settings_of(folder / "bank")


def make_two_versions_and_a_candidate(folder: Path) -> None:
    """Everything of three runs but the last stage of the third."""
    store, settings = made(folder)
    for records in RECORDS:
        write_split_files([tiny_records("one", records)], DataSettings(), folder / "bank")
        for stage in (*STAGES, *EXPORTS):
            stage(store, settings)  # type: ignore[operator]
        if records != RECORDS[-1]:
            published_without_proof(store, settings)
