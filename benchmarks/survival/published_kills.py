"""Kills of whole runs that publish, at random and at each rename of the publishing: what is in use stays whole.

Each killed run would publish a third version and remove the first. Afterwards the same run goes through, and leaves
what one without a kill leaves.
"""

import random
import shutil
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

from benchmarks.survival.killing import Killed
from benchmarks.survival.kills import Weights, are_same, weights_of
from benchmarks.survival.runs import (
    SMALL,
    WITHOUT_REPORT,
    KilledAt,
    Stage,
    leftovers,
    whole_run,
)
from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.config import Settings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.publishing import publish_stage
from bloodtwin_core.pipeline.verifying import faults_of
from bloodtwin_core.publishing.manifest import VersionManifest
from bloodtwin_core.publishing.store import PublishedStore, number_of
from bloodtwin_core.serving import Forecaster
from bloodtwin_core.sources.settings import settings_model

DAYS = {20: 10, 21: 16, 22: 24}
"""Days of records of the runs that publish the first, second and third version, and epochs: each learns more."""
KEPT = 2
GROUPS = {
    **SMALL,
    # A third of the days is tested on, so that few days of records are enough to tell a version from persistence.
    "data": {**SMALL["data"], "train_fraction": 0.5, "validate_fraction": 0.15},
    "model": {**SMALL["model"], "hidden_size": 8},
    "training": {**SMALL["training"], "learning_rate": 1e-2, "early_stopping_patience": 20},
    # Nothing is proved of so few days: what is fresher is published unless it is shown to be worse.
    "publishing": {"keep_versions": KEPT, "largest_loss": 0.5},
}


def published(store: ArtifactStore, settings: Settings) -> None:
    """The last stage, now."""
    publish_stage(store, settings, datetime.now(UTC))


WHOLE: tuple[Stage, ...] = (*WITHOUT_REPORT, published)


@dataclass(frozen=True)
class Published:
    """Where two versions stand; the same with all but the publishing of a third done; the third one's weights.

    seconds: how long the run takes that publishes the third.
    """

    before: Path
    unpublished: Path
    third: Weights
    settings: Settings
    seconds: float
    scratch: Path


def prepare(scratch: Path) -> Published:
    """Publish two versions, and, elsewhere, a third. Raises RuntimeError if one was not published."""
    before, unpublished, third = (scratch / name for name in ("two", "unpublished", "third"))
    for days in list(DAYS)[:KEPT]:
        whole_run(before, _settings(days), WHOLE)
        _require(before, list(DAYS).index(days) + 1)
    settings = _settings(max(DAYS))
    shutil.copytree(before, third)
    began = time.perf_counter()
    whole_run(third, settings, WHOLE)
    seconds = time.perf_counter() - began
    shutil.copytree(before, unpublished)
    whole_run(unpublished, settings, WITHOUT_REPORT)
    champion = _require(third, len(DAYS))
    weights = weights_of(_checkpoint(PublishedStore(ArtifactStore(third).published), champion))
    return Published(before, unpublished, weights, settings, seconds, scratch)


def _require(folder: Path, number: int) -> VersionManifest:
    versions = PublishedStore(ArtifactStore(folder).published)
    champion, decision = versions.champion(), versions.last_decision()
    if champion is None or number_of(champion.version) != number:
        raise RuntimeError(f"version {number} was not published: {decision.why if decision else 'no decision'}")
    return champion


def random_kills(prepared: Published, kills: int) -> Iterator[list[str]]:
    """What each of so many kills of whole runs broke."""
    chance = random.Random(0)
    for _ in range(kills):
        moment = chance.uniform(0.0, prepared.seconds)
        yield _killed(prepared, prepared.before, WHOLE).faults(prepared.scratch, moment) or []


def kills_at_renames(prepared: Published, every: int = 1) -> Iterator[list[str]]:
    """What a kill before and after each rename of the publishing, or one in so many, broke."""
    for number in count(0, every):
        rename = KilledAt(number // 2, after=bool(number % 2))
        found = _killed(prepared, prepared.unpublished, (published,)).faults(prepared.scratch, rename)
        if found is None:
            return
        yield found


def _killed(prepared: Published, begin: Path, stages: tuple[Stage, ...]) -> Killed:
    return Killed(begin, stages, prepared.settings, _lost, lambda folder: _wrong_after(folder, prepared.third))


def _lost(folder: Path) -> Iterator[str]:
    """What is lost right after a kill: one of two versions is in use, and whole; the versions beside are whole too."""
    versions = PublishedStore(ArtifactStore(folder).published)
    yield from versions.all_faults()
    try:
        champion = versions.champion()
        if champion is None or number_of(champion.version) not in (KEPT, len(DAYS)):
            yield f"in use is {champion and champion.version}"
        Forecaster.load(versions.folder)
    except BloodTwinError as error:
        yield str(error)


def _wrong_after(folder: Path, third: Weights) -> Iterator[str]:
    """What is wrong after the next run."""
    store = ArtifactStore(folder)
    versions = PublishedStore(store.published)
    yield from faults_of(store)
    yield from (f"left over: {name}" for name in leftovers(folder))
    champion = versions.champion()
    # A training that was broken off ends with the same weights, not with the same file.
    if champion is None or not are_same(third, weights_of(_checkpoint(versions, champion))):
        yield f"in use is {champion and champion.version}, of other weights than an unbroken run's"
    if len(versions.versions()) != KEPT:
        yield f"{versions.versions()} are kept"
    needed = {sha256 for version in versions.versions() for sha256 in versions.manifest(version).sources}
    kept = {path.name.partition(".")[0] for path in store.version_sources.iterdir()}
    if needed != kept:
        yield f"{len(kept - needed)} files are kept of no version, {len(needed - kept)} of a version are not"


def _checkpoint(versions: PublishedStore, version: VersionManifest) -> Path:
    return versions.place(version.version) / "best.ckpt"


def _settings(days: int) -> Settings:
    data = {**GROUPS["data"], "simulator": {"pumps": 2, "days": days}}
    training = {**GROUPS["training"], "max_epochs": DAYS[days]}
    return settings_model().model_validate({**GROUPS, "data": data, "training": training})
