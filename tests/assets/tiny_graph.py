"""The whole graph on a few days of two virtual wearers, and the means to run parts of it."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import dagster as dg

from bloodtwin_assets.definitions import build_defs
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.records import Split
from bloodtwin_core.sources.registry import sources

TINY: dict[str, dict[str, Any]] = {
    "data": {"simulator": {"pumps": 2, "days": 6}, "lookback": 36, "stride": 4},
    "model": {"name": "tiny", "hidden_size": 4, "num_layers": 1, "dropout": 0.0},
    "training": {"max_epochs": 1, "chunk_length": 96, "burn_in": 24, "threads": 1, "device": "cpu"},
    "evaluation": {"ridge_max_windows": 200},
    "export": {"parity_windows": 8},
    "control": {"wearers": 1, "days": 1},
}
INGESTION = [f"{name}_event_history" for name, source in sources().items() if source.fetch]
"""They fetch nothing unless data.source is theirs, and leave nothing in the artifacts."""
STAGES = [
    "raw_pump_splits",
    "fitted_scaler",
    "windowed_tensors",
    "trained_checkpoint",
    "personal_checkpoints",
    "test_results",
    "alarm_levels",
    "evaluation_report",
    "torchscript_export",
    "onnx_export",
    "streaming_export",
    "published_model",
    "control_trial",
]
LIVE = ["latest_forecasts"]
"""It does nothing where data.source tells nothing of now, and leaves nothing in the manifest."""


@dataclass(frozen=True)
class Graph:
    """The graph with its artifacts in one folder."""

    root: Path

    @property
    def store(self) -> ArtifactStore:
        return ArtifactStore(self.root / "tiny")

    def run_config(self, **changes: dict[str, Any]) -> dict[str, Any]:
        """The tiny settings; changes replace some, group by group."""
        groups = {group: {**TINY.get(group, {}), **changes.get(group, {})} for group in {**TINY, **changes}}
        return {"resources": {"settings": {"config": groups}, "artifacts": {"config": {"root": str(self.root)}}}}

    def run(self, *names: str, **changes: dict[str, Any]) -> dg.ExecuteInProcessResult:
        """Materialize some assets with their checks, or all of them."""
        selection = dg.AssetSelection.assets(*names) if names else dg.AssetSelection.all()
        return self._execute(selection, **changes)

    def check(self, name: str) -> dict[str, dg.AssetCheckEvaluation]:
        """Run the checks of one asset alone, on what stands."""
        return evaluations(self.run_checks(name))

    def run_checks(self, name: str) -> dg.ExecuteInProcessResult:
        """The same, with everything that happened."""
        return self._execute(dg.AssetSelection.checks_for_assets(dg.AssetKey(name)))

    def files(self) -> dict[str, bytes]:
        """Everything that stands, by path."""
        return {str(path.relative_to(self.root)): path.read_bytes() for path in self.root.rglob("*") if path.is_file()}

    def record_again(self, stage: str) -> None:
        """Record a stage's files as they are now, as if the stage had left them so."""
        before = self.store.recorded(stage)
        files = [self.store.folder / name for name in before.files]
        self.store.record(stage, files, before.data_version, before.settings)

    def split_file(self, pump_id: str, split: Split) -> Path:
        [path] = (self.store.split_files / f"pump_{pump_id}" / split).glob("lstm_*.csv")
        return path

    def edit_split(self, pump_id: str, split: Split, edit: Callable[[list[str]], list[str]]) -> Path:
        """Change the rows (below the header) of a split file, and return its path."""
        path = self.split_file(pump_id, split)
        lines = path.read_text().splitlines()
        header = next(number for number, line in enumerate(lines) if line.startswith("timestamp")) + 1
        path.write_text("\n".join([*lines[:header], *edit(lines[header:])]) + "\n")
        return path

    @staticmethod
    def job(selection: dg.AssetSelection | None = None) -> dg.JobDefinition:
        """What run executes; all of the graph unless a part is named."""
        part = dg.Definitions(jobs=[dg.define_asset_job("part", selection=selection or dg.AssetSelection.all())])
        return dg.Definitions.merge(build_defs(), part).resolve_job_def("part")

    def _execute(self, selection: dg.AssetSelection, **changes: dict[str, Any]) -> dg.ExecuteInProcessResult:
        return self.job(selection).execute_in_process(
            run_config=self.run_config(**changes), instance=dg.DagsterInstance.ephemeral(), raise_on_error=False
        )


def failure_of(result: dg.ExecuteInProcessResult, step: str) -> str:
    """What a failed step said to the user."""
    [event] = [event for event in result.get_step_failure_events() if event.step_key == step]
    said = event.step_failure_data.user_failure_data
    assert said is not None, event.step_failure_data.error
    return said.description or ""


def evaluations(result: dg.ExecuteInProcessResult) -> dict[str, dg.AssetCheckEvaluation]:
    """Every check's outcome, by its name; those of exports by their asset's name."""
    found = result.get_asset_check_evaluations()
    shared = "agrees_with_checkpoint"
    return {c.asset_key.to_user_string() if c.check_name == shared else c.check_name: c for c in found}


def materialized(result: dg.ExecuteInProcessResult) -> set[str]:
    return {event.asset_key.to_user_string() for event in result.get_asset_materialization_events() if event.asset_key}
