"""The page of alarm_levels."""

from collections.abc import Sequence
from pathlib import Path

import dagster as dg

from bloodtwin_assets.common.metadata import CellValue, Metadata, per_cent, table
from bloodtwin_core.evaluation.clinical.alarm_levels import ChosenLevel
from bloodtwin_core.records.glucose_units import GlucoseUnit

COLUMNS = {
    "alarm": "What it announces",
    "within": "How far it looks ahead, minutes",
    "pump": "For whom: all, or one pump of 20 events or more",
    "level": "The quantile that must cross; of a low, the share of what may come that must lie below",
    "announced": "Share of the validation days' events that it announced, %",
    "false a day": "False alarms a day on validation days",
    "events": "Of the validation days",
    "chosen": "no: too few events to choose by, so the base model's level stays",
}


def alarms_page(levels: Sequence[ChosenLevel], file: Path, unit: GlucoseUnit) -> Metadata:
    """The levels, and what their alarms were worth on the days on which they were chosen."""
    page: Metadata = {"file": dg.MetadataValue.path(str(file))}
    if not levels:
        return {**page, "levels": "the base model's: the network has no quantiles, or there is no validation window"}
    rows: list[dict[str, CellValue]] = []
    for level in levels:
        rule, worth = level.chosen.rule, level.chosen.chosen_on
        rows.append(
            {
                "alarm": f"{rule.side} {unit.text(rule.glucose)} {unit}",
                "within": rule.minutes,
                "pump": level.pump or "all",
                "level": rule.level,
                "announced": None if worth.sensitivity is None else per_cent(worth.sensitivity),
                "false a day": worth.false_alarms_per_day,
                "events": worth.events,
                "chosen": "no" if level.is_usual else "yes",
            }
        )
    return {"levels": table(rows, COLUMNS, decimals=3), **page}
