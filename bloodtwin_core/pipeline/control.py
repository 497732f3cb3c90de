"""The stage control_trial: suspensions by the forecasts of the version in use, beside the one before it.

Both live the same virtual wearers, so that a newly published model cannot make a suspension worse unnoticed.
"""

from dataclasses import dataclass
from pathlib import Path

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.config import Settings
from bloodtwin_core.control.trial.result import Difference, TrialResult, read_result, write_result
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.ownership import owning
from bloodtwin_core.publishing.store import PublishedStore

SCENARIO, RULE, ASKED = "everyday", "basal-iq", "quantile"
WORSE_IN = ("below_70", "below_54")
"""Measures of which a new version must not bring more than the one before, beyond the interval."""


@dataclass(frozen=True)
class ControlTrial:
    """The trial: in_use and before name arms, before is empty where nothing was published earlier."""

    result: TrialResult
    in_use: str
    before: str

    def changes(self) -> dict[str, Difference]:
        """What the version in use brings more than the one before, by measure; empty without one before."""
        if not self.before:
            return {}
        return {name: self.result.difference(self.in_use, self.before, SCENARIO, name) for name in WORSE_IN}

    @property
    def worse(self) -> list[str]:
        """Measures of which the version in use brings more, beyond the interval."""
        return [name for name, change in self.changes().items() if change.is_more]


@owning
def control_stage(store: ArtifactStore, settings: Settings) -> ControlTrial:
    """Leave control_trial.json and its record: Basal-IQ's rule, the version in use, the one before where there is one.

    Where nothing is published the candidate's own export is asked. Raises ArtifactMissing for a version that is not
    whole.
    """
    versions = _versions(store)
    arms = list(_lived(settings, RULE, None).arms)
    for name, file in versions.items():
        lived = _lived(settings, ASKED, file)
        arms += [arm.model_copy(update={"controller": name}) for arm in lived.arms]
    asked = settings.control
    result = TrialResult(
        seed=asked.seed,
        wearers=asked.wearers,
        days=asked.days,
        controllers=[RULE, *versions],
        scenarios=[SCENARIO],
        model=", ".join(versions),
        arms=arms,
    )
    write_result(result, store.control_trial)
    store.record("control_trial", [store.control_trial], sha256_of(store.control_trial), settings.used("control"))
    return _trial(result)


def stored_trial(store: ArtifactStore) -> ControlTrial:
    """What the stage left. Raises ArtifactMissing if it is not there or was changed."""
    store.require_unchanged("control_trial", store.control_trial)
    return _trial(read_result(store.control_trial))


def _trial(result: TrialResult) -> ControlTrial:
    _, in_use, *before = result.controllers
    return ControlTrial(result, in_use, before[0] if before else "")


def _lived(settings: Settings, controller: str, forecaster: Path | None) -> TrialResult:
    # Here, because the virtual wearers bring a compiler that takes half a second to import.
    from bloodtwin_core.control.trial.running import TrialPlan, run_trial

    asked = settings.control
    plan = TrialPlan(
        seed=asked.seed,
        wearers=asked.wearers,
        days=asked.days,
        controllers=(controller,),
        scenarios=(SCENARIO,),
        forecaster=forecaster,
    )
    return run_trial(plan)


def _versions(store: ArtifactStore) -> dict[str, Path]:
    """Streaming exports by the name of their arm: that of the version in use, then of the one in use before it."""
    published = PublishedStore(store.published)
    pointer = published.pointer
    if pointer is None:
        store.require_unchanged("streaming_export", store.onnx_streaming)
        return {f"{ASKED} of the candidate": store.onnx_streaming}
    there = set(published.versions())
    earlier = [switch.version for switch in pointer.history if switch.version != pointer.version]
    wanted = [pointer.version, *[version for version in reversed(earlier) if version in there][:1]]
    return {f"{ASKED} of {version}": _streaming(published, store, version) for version in wanted}


def _streaming(published: PublishedStore, store: ArtifactStore, version: str) -> Path:
    if store.onnx_streaming.name not in published.manifest(version).files:
        raise ArtifactMissing(f"version {version} holds no {store.onnx_streaming.name}. Publish it again")
    return published.place(version) / store.onnx_streaming.name
