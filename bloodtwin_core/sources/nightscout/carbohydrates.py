"""Carbohydrates of treatments, as the wearer announced them: `carbs` in g, with or without insulin.

Beside a bolus they stand in its row, as the word after those of its Delivery; else in a row of their own.
"""

from collections.abc import Iterator
from dataclasses import replace
from math import inf

import numpy as np

from bloodtwin_core.events.kinds import AmountEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.sources.nightscout.deliveries import COLUMNS
from bloodtwin_core.sources.nightscout.duplicates import repeated
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.site_rows import SiteRows
from bloodtwin_core.sources.nightscout.treatment import Treatment
from bloodtwin_core.sources.nightscout.values import BAD
from bloodtwin_core.sources.row import Row

_BESIDE = "+carbs"
"""Tells the row of what was announced from that of insulin which is no bolus."""
_PLACE = len(COLUMNS)
"""Of the carbohydrates among the words of a bolus."""
_UNREADABLE = "unreadable"
"""Stands for carbohydrates that are no number."""


def with_carbohydrates(rows: list[Row], treatment: Treatment) -> list[Row]:
    """The rows of a treatment with what it announces. What cannot be understood must not take the insulin with it."""
    announced = _announced(treatment)
    if not announced:
        return rows
    first = rows[0]
    if first.kind == SiteKind.bolus:
        return [replace(first, detail=f"{first.detail} {announced}"), *rows[1:]]
    own = treatment.row(SiteKind.carbohydrates, detail=announced)
    return [own] if first.kind == SiteKind.other else [*rows, replace(own, id=own.id + _BESIDE)]


def carbohydrate_events(rows: SiteRows) -> tuple[AmountEvents, Repairs]:
    """Every announcement once, and how many could not be understood. rows: in UTC."""
    alone, boluses = rows.of_kind(SiteKind.carbohydrates), rows.of_kind(SiteKind.bolus)
    delivered = boluses.chosen(~repeated(boluses))
    told = [
        *zip(alone.times, alone.detail, strict=True),
        *((time, words[_PLACE]) for time, words in _words(delivered) if len(words) > _PLACE),
    ]
    readable = [(time, float(grams)) for time, grams in told if grams != _UNREADABLE]
    times = np.array([time for time, _ in readable], dtype="datetime64[s]")
    events = AmountEvents.of(times, [grams for _, grams in readable])
    return events, Repairs.of(RepairKind.unreadable_rows, len(told) - len(readable), "carbohydrates")


def _words(boluses: SiteRows) -> Iterator[tuple[np.datetime64, list[str]]]:
    return ((time, text.split(" ")) for time, text in zip(boluses.times, boluses.detail, strict=True))


def _announced(treatment: Treatment) -> str:
    """g as text, "" for none."""
    try:
        grams = float(treatment.document.get("carbs") or 0.0)
    except BAD:
        return _UNREADABLE
    if not 0 <= grams < inf:
        return _UNREADABLE
    return repr(grams) if grams else ""
