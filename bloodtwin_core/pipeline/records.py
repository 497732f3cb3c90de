"""The stage raw_pump_splits: from a source to the split files of every pump."""

from collections.abc import Sequence
from dataclasses import dataclass

from bloodtwin_core.common.progress import Progress, silent
from bloodtwin_core.config import DataSettings, Settings
from bloodtwin_core.events.compared_totals import ComparedTotals, ComparedWeek, read_compared_totals
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.ownership import owning
from bloodtwin_core.pipeline.preparing import list_split_files
from bloodtwin_core.records.checks.continuity import Finding, findings
from bloodtwin_core.records.raw_splits import LoadedSplit, RawPumpSplits, load_splits, read_raw_splits

PumpWeek = tuple[str, ComparedWeek]
"""A pump's id, and one of its weeks."""


@dataclass(frozen=True)
class ListedRecords:
    """The split files of a run, and what is in them."""

    raw: RawPumpSplits
    loaded: list[LoadedSplit]


@dataclass(frozen=True)
class CheckedRecords:
    """What the continuity checks found in so many files."""

    findings: list[Finding]
    files: int


@dataclass(frozen=True)
class StatedInsulin:
    """The weeks whose insulin a pump's source states, and of them those that differ, those that differ most first."""

    weeks: list[PumpWeek]
    differing: list[PumpWeek]


@owning
def records_stage(store: ArtifactStore, settings: Settings, progress: Progress = silent) -> ListedRecords:
    """Have the sources write their split files, list them with their sha256, and leave the list and its record.

    Raises what the sources raise, and DataError if a file cannot be read; then the list that stood before stays.
    """
    raw = list_split_files(settings.data, store.split_files, store.folder, progress)
    loaded = load_splits(raw, store.folder)
    raw.write(store.raw_splits)
    store.record("raw_pump_splits", [store.raw_splits], raw.fingerprint, settings.used("data"))
    return ListedRecords(raw, loaded)


def listed_records(store: ArtifactStore) -> ListedRecords:
    """The split files that stand, whatever settings made them. Raises ArtifactMissing if one is gone or changed."""
    store.require_unchanged("raw_pump_splits", store.raw_splits)
    raw = read_raw_splits(store.raw_splits)
    return ListedRecords(raw, load_splits(raw, store.folder))


def check_records(store: ArtifactStore, settings: DataSettings) -> CheckedRecords:
    """What the continuity checks find in the listed split files. Raises ArtifactMissing if one changed."""
    loaded = listed_records(store).loaded
    split_alike = [split.file for split in loaded if not split.train_only]
    train_only = [split.file for split in loaded if split.train_only]
    return CheckedRecords(findings(split_alike, settings, train_only), len(loaded))


def compared_by_pump(loaded: Sequence[LoadedSplit]) -> dict[str, ComparedTotals]:
    """Each pump's stated totals beside what was imported, which the header of each of its split files states."""
    pump_ids = dict.fromkeys(split.pump_id for split in loaded)
    headers = {split.pump_id: split.file.header for split in reversed(loaded)}
    return {pump_id: read_compared_totals(headers[pump_id]) for pump_id in pump_ids}


def check_stated_insulin(store: ArtifactStore) -> StatedInsulin:
    """The insulin of the listed split files beside what sources state. Raises ArtifactMissing if a file changed."""
    compared = compared_by_pump(listed_records(store).loaded)
    weeks = [(pump_id, week) for pump_id, totals in compared.items() for week in totals.weeks()]
    differing = sorted((each for each in weeks if each[1].differs), key=lambda each: -abs(each[1].difference))
    return StatedInsulin(weeks, differing)
