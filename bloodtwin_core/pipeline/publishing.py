"""The stage published_model: the candidate that a run left beside the version in use, and what becomes of it."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from pathlib import Path

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.config import DataSettings, Settings
from bloodtwin_core.evaluation.forecasts import TestForecasts, join
from bloodtwin_core.evaluation.methods import method_for
from bloodtwin_core.evaluation.testing import forecast_batches
from bloodtwin_core.network.checkpoint import Checkpoint, load_checkpoint
from bloodtwin_core.network.threads import torch_threads
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.exports import onnx_parity, streaming_parity, torchscript_parity
from bloodtwin_core.pipeline.manifest import package_versions, python_version
from bloodtwin_core.pipeline.ownership import owning
from bloodtwin_core.pipeline.preparing import windows_of
from bloodtwin_core.pipeline.upstream import (
    current_checkpoint,
    current_raw_splits,
    stored_forecasts,
    windows_read,
)
from bloodtwin_core.pipeline.version_sources import forget_sources, keep_sources
from bloodtwin_core.publishing.code import code_now
from bloodtwin_core.publishing.decision import Decision, Evidence, ExportProof, Gate, Verdict, gates_of, loss_carried
from bloodtwin_core.publishing.drift.forecasts import by_pump, by_week
from bloodtwin_core.publishing.drift.judging import ModelInUse, judged
from bloodtwin_core.publishing.drift.week import weeks_of
from bloodtwin_core.publishing.evidence import Circumstances, Contestant, evidence_of, unseen
from bloodtwin_core.publishing.manifest import Learnt, VersionManifest, learnt_from, merged
from bloodtwin_core.publishing.store import CHECKPOINT_FILE, PublishedStore
from bloodtwin_core.records.raw_splits import load_splits
from bloodtwin_core.serving import Forecaster, StreamingForecaster
from bloodtwin_core.serving.alarm_rules import read_alarm_rules
from bloodtwin_core.serving.published import POINTER, Pointer
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.compute import testing_threads
from bloodtwin_core.windows import WindowedSeries

PARITIES = {"model.ts": torchscript_parity, "model.onnx": onnx_parity, "model_streaming.onnx": streaming_parity}
"""How each export that is published is held against its checkpoint."""


@dataclass(frozen=True)
class Publication:
    """What was decided, and the version that is in use now; None if none is."""

    decision: Decision
    in_use: VersionManifest | None


@owning
def publish_stage(store: ArtifactStore, settings: Settings, now: datetime) -> Publication:
    """Decide whether the candidate that stands in the store is published, and do it.

    now: with a zone. Raises ArtifactMissing or CheckpointMismatch if what the decision rests on is not there, changed,
    or not of the candidate, FolderInUse if another machine took over meanwhile; then the version in use stays.
    """
    windows, index = windows_read(store, settings)
    candidate = current_checkpoint(store, settings.model, index)
    published = PublishedStore(store.published)
    published.refresh()
    beside = published.pointer
    champion = published.champion()
    judge = _Judge(store, settings, published, windows, candidate, champion)
    if champion and champion.checkpoint_sha256 == candidate.sha256:
        decision = _unchanged(champion, now)
    else:
        judge.look_for_drift(now)
        decision = judge.decide(now)
    with _alone(store, published):
        if decision.verdict is Verdict.published:
            _require_in_use(published, beside)
            _publish(judge, decision, now)
        published.keep_decision(decision)
        published.prune(settings.publishing.keep_versions)
    forget_sources(store, published, settings.publishing)
    in_use = published.champion()
    version = in_use.version if in_use else "nothing published"
    store.record("published_model", [published.decision], version, settings.used("publishing", "evaluation"))
    return Publication(decision, in_use)


@dataclass
class _Judge:
    """The candidate in the store, and the champion beside it."""

    store: ArtifactStore
    settings: Settings
    published: PublishedStore
    windows: WindowedSeries
    candidate: Checkpoint
    champion: VersionManifest | None

    def learnt(self) -> dict[str, Learnt]:
        """What the candidate learnt from, and what the version did whose weights it began with."""
        own = learnt_from(self.windows)
        for version in self.published.versions():
            with suppress(ArtifactMissing):
                began = self.published.manifest(version)
                if self.candidate.started_from == began.checkpoint_sha256:
                    return merged(own, began.learnt)
        return own

    def look_for_drift(self, now: datetime) -> None:
        """Judge the weeks that are new, and write down what was found."""
        pumps = {pump: weeks_of(self.windows, pump) for pump in self.windows.tested_pumps}
        model = ModelInUse()
        if self.champion:
            new = unseen(self.champion_forecasts, self.champion.learnt)
            model = ModelInUse(by_week(new), self.champion.forecasting)
        drift = self.settings.publishing.drift
        with _alone(self.store, self.published):
            self.published.change_ledger(lambda ledger: judged(ledger, pumps, model, drift, now))

    def decide(self, now: datetime) -> Decision:
        evidence = self._evidence()
        gates = gates_of(evidence, self.settings.publishing)
        return Decision(
            verdict=Verdict.published if all(gate.passed for gate in gates) else Verdict.refused,
            at=now,
            candidate=self.candidate.sha256,
            champion=self.champion.version if self.champion else "",
            gates=gates,
            evidence=evidence,
        )

    def _evidence(self) -> Evidence:
        forecasts, index = stored_forecasts(self.store)
        if index.tested.checkpoint_sha256 != self.candidate.sha256:
            raise ArtifactMissing(
                f"{self.store.test_forecasts} is of another checkpoint than stands now. Materialize test_results again"
            )
        pointer = self.published.pointer
        beside = Circumstances(
            exports=[self._proof(file) for file in PARITIES],
            open_weeks=[week.told for week in self.published.ledger().open_in(self.learnt())],
            carried_loss=self.champion.carried_loss if self.champion else 0.0,
            withdrawn=pointer is not None and self.candidate.sha256 in pointer.withdrawn,
        )
        champion = Contestant(self.champion_forecasts, self.champion.learnt) if self.champion else None
        return evidence_of(Contestant(forecasts, self.learnt()), champion, beside, self.settings.evaluation)

    def _proof(self, file: str) -> ExportProof:
        report = PARITIES[file](self.store, self.settings)
        return ExportProof(file=file, largest_difference=report.largest_difference, agrees=report.agrees)

    @cached_property
    def champion_forecasts(self) -> TestForecasts:
        """What the version in use forecasts for today's test windows, or for those of its own lookback and horizon."""
        if self.champion is None:
            raise ValueError("nothing is in use")
        champion = load_checkpoint(self.published.place(self.champion.version) / CHECKPOINT_FILE)
        windows = self._windows_for(champion)
        with torch_threads(testing_threads(self.settings.training)):
            method = method_for(champion.forecaster, windows, self.settings.evaluation, "cpu")
            return join(list(forecast_batches(windows, method.forecast, {}, self.settings.evaluation)))

    def _windows_for(self, champion: Checkpoint) -> WindowedSeries:
        same = (champion.lookback, champion.horizon, champion.forecaster.features)
        if same == (self.windows.lookback, self.windows.horizon, self.windows.features):
            return self.windows
        raw = current_raw_splits(self.store, self.settings.data)
        own = {"lookback": champion.lookback, "horizon": champion.horizon}
        data: DataSettings = self.settings.data.model_copy(update=own)
        return windows_of(load_splits(raw, self.store.folder), champion.scaler, data)


@contextmanager
def _alone(store: ArtifactStore, published: PublishedStore) -> Iterator[None]:
    """Change what is published, all at once for machines that share it, as the only run that may.

    What is published has a lease of its own, which a run gets that lost the store's while it slept.
    """
    with published.owned():
        store.owner.renew(store.folder)
        yield


def _require_in_use(published: PublishedStore, judged_beside: Pointer | None) -> None:
    if published.pointer != judged_beside:
        raise ArtifactMissing(
            f"{published.folder / POINTER} changed while the candidate was judged beside the version that was in use. "
            "Materialize published_model again"
        )


def _publish(judge: _Judge, decision: Decision, now: datetime) -> None:
    files = _files(judge.store, judge.candidate)
    evidence = decision.evidence
    if evidence is None:
        raise ValueError("nothing was measured of the candidate")
    version = judge.published.next_version(judge.candidate.sha256)
    manifest = VersionManifest(
        version=version,
        published=now,
        run=judge.store.owner.run,
        checkpoint_sha256=judge.candidate.sha256,
        started_from=judge.candidate.started_from,
        data_fingerprint=judge.candidate.data_fingerprint,
        data=current_raw_splits(judge.store, judge.settings.data),
        settings=judge.settings.model_dump(mode="json"),
        code=code_now(python_version(), package_versions()),
        learnt=judge.learnt(),
        files={name: judge.store.hashes.of(path) for name, path in files.items()},
        carried_loss=loss_carried(evidence),
        mae=evidence.figures[0].candidate,
        forecasting=by_pump(unseen(stored_forecasts(judge.store)[0], judge.learnt())),
    )
    keep_sources(judge.store, judge.settings, manifest)
    judge.store.owner.send(judge.store.folder)  # Before the version: this machine may die between the two.
    _require_loadable(judge.published.add(manifest, files))
    judge.published.switch(version, decision.why, now)


def _files(store: ArtifactStore, candidate: Checkpoint) -> dict[str, Path]:
    """What a version is made of, by the name that it has there; each as its stage left it."""
    best = CheckpointFolder(store.checkpoints).best
    of_stages = {
        "trained_checkpoint": [best],
        "fitted_scaler": [store.scaler_json],
        "torchscript_export": [store.torchscript],
        "onnx_export": [store.onnx],
        "streaming_export": [store.onnx_streaming],
        "test_results": [store.test_results],
        "alarm_levels": [store.alarms],
    }
    for stage, paths in of_stages.items():
        store.require_unchanged(stage, *paths)
    if read_alarm_rules(store.alarms).checkpoint_sha256 != candidate.sha256:
        raise ArtifactMissing(
            f"{store.alarms} is of another checkpoint than stands now. Materialize alarm_levels again"
        )
    beside = [store.onnx.parent / "model.json", store.test_vector]
    paths = [path for paths in of_stages.values() for path in paths] + [path for path in beside if path.exists()]
    return {path.name: path for path in paths}


def _require_loadable(folder: Path) -> None:
    """Raise ArtifactMissing unless every export in a version's folder loads, as whoever forecasts with it will."""
    for file in ("model.onnx", "model.ts"):
        Forecaster.load(folder / file)
    StreamingForecaster.load(folder / "model_streaming.onnx")


def _unchanged(champion: VersionManifest, now: datetime) -> Decision:
    gate = Gate(name="another than the champion", passed=False, why=f"the candidate is version {champion.version}")
    return Decision(
        verdict=Verdict.unchanged, at=now, candidate=champion.checkpoint_sha256, champion=champion.version, gates=[gate]
    )
