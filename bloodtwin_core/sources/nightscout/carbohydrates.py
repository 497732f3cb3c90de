"""Carbohydrates of treatments, as the wearer announced them: `carbs` in g, with or without insulin.

Beside a bolus they stand in its row, as the word after those of its Delivery; else in a row of their own.
"""

from dataclasses import replace
from math import inf

import numpy as np
import pandas as pd

from bloodtwin_core.events.kinds import AmountEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.sources.fetched import Row
from bloodtwin_core.sources.nightscout.deliveries import COLUMNS
from bloodtwin_core.sources.nightscout.duplicates import repeated, with_delivery
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.treatment import Treatment
from bloodtwin_core.sources.nightscout.values import BAD

_BESIDE = "+carbs"
"""Tells the row of what was announced from that of insulin which is no bolus."""
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


def carbohydrate_events(rows: pd.DataFrame) -> tuple[AmountEvents, Repairs]:
    """Every announcement once, and how many could not be understood. rows: in UTC."""
    alone = rows[rows["kind"] == SiteKind.carbohydrates]
    boluses = with_delivery(rows[rows["kind"] == SiteKind.bolus])
    delivered = boluses[~repeated(boluses)]
    beside = delivered["detail"].str.split(" ").str.get(len(COLUMNS)).dropna()
    words = pd.concat([alone["detail"], beside]).astype(str)
    readable = words[words != _UNREADABLE]
    times = rows.loc[readable.index, "time"].to_numpy(dtype="datetime64[s]")
    events = AmountEvents.of(times, readable.to_numpy(dtype=np.float64))
    return events, Repairs.of(RepairKind.unreadable_rows, len(words) - len(readable), "carbohydrates")


def _announced(treatment: Treatment) -> str:
    """g as text, "" for none."""
    try:
        grams = float(treatment.document.get("carbs") or 0.0)
    except BAD:
        return _UNREADABLE
    if not 0 <= grams < inf:
        return _UNREADABLE
    return repr(grams) if grams else ""
