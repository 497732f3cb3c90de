"""Whether records make sense: gaps, cadence, duplicates, values, and overlaps between splits.

Pure functions: they change nothing and refuse nothing, they return findings. Whoever calls them decides what follows.
"""

from collections.abc import Sequence

import numpy as np

from bloodtwin_core.config import DataSettings
from bloodtwin_core.records.checks.findings import CheckName, Finding, Severity, about
from bloodtwin_core.records.checks.times import (
    breaks,
    cadence,
    glucose_gap,
    split_order,
    time_order,
    wearer_overlaps,
    wearers_without_data,
)
from bloodtwin_core.records.checks.values import (
    clip_flag,
    delta_agrees,
    header_agrees,
    missing_flag,
    time_features,
    value_limits,
)
from bloodtwin_core.records.split_files import SplitFile

__all__ = ["CheckName", "Finding", "Severity", "findings", "split_findings"]


def findings(
    splits: Sequence[SplitFile], settings: DataSettings, train_only: Sequence[SplitFile] = ()
) -> list[Finding]:
    """Everything that is wrong with the splits of all pumps, in the order of the splits; empty if all is well.

    train_only are files of pumps that are only trained on, which need not have all three splits.
    """
    all_findings = [finding for file in splits for finding in split_findings(file, settings.max_gap_hours)]
    all_findings += [finding for file in [*splits, *train_only] for finding in breaks(file, settings)]
    for pump_id in dict.fromkeys(file.pump_id for file in splits):
        all_findings += split_order([file for file in splits if file.pump_id == pump_id])
    all_findings += [*wearer_overlaps(splits, settings.wearers), *wearers_without_data(splits, settings)]
    return all_findings + [finding for file in train_only for finding in split_findings(file, settings.max_gap_hours)]


def split_findings(file: SplitFile, max_gap_hours: float) -> list[Finding]:
    """What is wrong within one split."""
    if len(file.records) == 0:
        todo = "Export the pump again, or leave it out (data.pump_ids)"
        return [about(file, CheckName.split_without_data, "the split has no records", "0 records", todo)]
    max_gap = np.timedelta64(round(max_gap_hours * 3600), "s")
    checks = (
        time_order(file),
        cadence(file, max_gap),
        glucose_gap(file, max_gap),
        value_limits(file),
        missing_flag(file),
        clip_flag(file),
        time_features(file),
        delta_agrees(file),
        header_agrees(file),
    )
    return [finding for check in checks for finding in check]
