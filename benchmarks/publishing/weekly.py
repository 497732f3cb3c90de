"""One model that is trained again every week as records come in, published or not, by the stages of the graph."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import numpy as np

from benchmarks.publishing.troubles import WEEK, start_of, until
from bloodtwin_core.config import Settings
from bloodtwin_core.evaluation.forecasts import TestForecasts, join
from bloodtwin_core.evaluation.methods import method_for
from bloodtwin_core.evaluation.testing import forecast_batches
from bloodtwin_core.network.checkpoint import load_checkpoint
from bloodtwin_core.pipeline.alarms import alarm_stage
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.evaluation import evaluation_stage
from bloodtwin_core.pipeline.exports import onnx_stage, streaming_stage, torchscript_stage
from bloodtwin_core.pipeline.publishing import publish_stage
from bloodtwin_core.pipeline.records import records_stage
from bloodtwin_core.pipeline.scaler import scaler_stage
from bloodtwin_core.pipeline.training import train_stage
from bloodtwin_core.pipeline.upstream import current_windows
from bloodtwin_core.pipeline.windows import windows_stage
from bloodtwin_core.publishing.decision import Verdict
from bloodtwin_core.publishing.drift.judging import MISSING
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.records import PumpRecords
from bloodtwin_core.records.splitting import write_split_files


@dataclass(frozen=True)
class Week:
    """What became of one weekly run: number of the week of which it has the records, and what was decided.

    version: in use afterwards, learnt up to newest. drifted: weeks that are open, in words.
    """

    week: int
    verdict: str
    why: str
    version: str
    drifted: list[str]
    seconds: float


@dataclass
class Weekly:
    """The runs of one model. histories: every pump's records over the whole time."""

    folder: Path
    settings: Settings
    histories: Sequence[PumpRecords]
    first_version: str = ""
    weeks: list[Week] = field(default_factory=list)
    published: list[TestForecasts] = field(default_factory=list)
    """What the version in use forecast of each new week, before the run of that week changed it."""
    first: list[TestForecasts] = field(default_factory=list)
    """The same of the first version."""

    @property
    def store(self) -> ArtifactStore:
        """Its artifacts."""
        return ArtifactStore(self.folder / "artifacts" / self.settings.model.name)

    @property
    def versions(self) -> PublishedStore:
        """Its published versions."""
        return PublishedStore(self.store.published)

    def run(self, week: int) -> Week:
        """Train on all records up to the end of a week, and decide. Somebody looks at weeks that miss readings."""
        begun = time.monotonic()
        store, settings = self.store, self._with_records(week)
        records_stage(store, settings)
        scaler_stage(store, settings)
        windows_stage(store, settings)
        self._forecast_new_week(week, settings)
        train_stage(store, settings)
        evaluation_stage(store, settings)
        alarm_stage(store, settings)
        torchscript_stage(store, settings)
        onnx_stage(store, settings)
        streaming_stage(store, settings)
        now = datetime.fromisoformat(str(start_of(week + 1))).replace(tzinfo=UTC) + timedelta(hours=4)
        made = publish_stage(store, settings, now)
        if made.decision.verdict is Verdict.published and not self.first_version and made.in_use:
            self.first_version = made.in_use.version
        self._look()
        done = Week(
            week=week,
            verdict=made.decision.verdict.value,
            why=made.decision.why,
            version=made.in_use.version if made.in_use else "",
            drifted=[each.told for each in self.versions.ledger().open],
            seconds=time.monotonic() - begun,
        )
        self.weeks.append(done)
        return done

    def _with_records(self, week: int) -> Settings:
        """The split files as a source would have written them by the end of a week."""
        now = start_of(week + 1)
        there = [until(records, now) for records in self.histories]
        root = self.folder / "records"
        write_split_files([records for records in there if _long_enough(records)], self.settings.data, root)
        data = self.settings.data.model_copy(update={"source": "bloodbank", "root": str(root)})
        return self.settings.model_copy(update={"data": data})

    def _forecast_new_week(self, week: int, settings: Settings) -> None:
        pointer = self.versions.pointer
        if pointer is None:
            return
        windows, _ = current_windows(self.store, settings.data)
        for version, kept in ((pointer.version, self.published), (self.first_version, self.first)):
            champion = load_checkpoint(self.versions.place(version) / "best.ckpt")
            method = method_for(champion.forecaster, windows, self.settings.evaluation, "cpu")
            made = join(list(forecast_batches(windows, method.forecast, {}, self.settings.evaluation)))
            new = made.take(np.asarray(made.timestamp >= start_of(week)))
            kept.append(replace(new, rows=new.rows + week * 10_000_000))

    def _look(self) -> None:
        """Whoever looks finds that missing readings teach nothing wrong, and does not look at anything else."""
        for each in self.versions.ledger().open:
            if {measure.name for measure in each.beyond} == {MISSING}:
                self.versions.change_ledger(lambda ledger, w=each: ledger.seen(w.pump, w.start, "no harm"))  # type: ignore[misc]


def _long_enough(records: PumpRecords) -> bool:
    """Whether a pump has been worn for four weeks, as whoever adds it would wait."""
    return len(records) > 0 and bool(records.timestamps[-1] - records.timestamps[0] >= 4 * WEEK)
