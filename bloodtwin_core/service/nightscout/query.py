"""What `find[field][$gte]=value` and `count` ask for, in the way of the Nightscout API."""

import re
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from typing import Any, TypeVar

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.service.moments import second_of
from bloodtwin_core.service.nightscout.documents import TIMES, Collection
from bloodtwin_core.sources.nightscout.values import BAD, Document, time_of

USUAL_COUNT, MOST_COUNT = 10, 10_000
_MOST_LOOKED_AT = 20_000
_FIND = re.compile(r"find((?:\[[A-Za-z0-9_.$]{1,64}\]){1,2})(\[\])?")
Ordered = TypeVar("Ordered", float, str)
_LATER, _EARLIER = ("$gte", "$gt", "$eq", ""), ("$lte", "$lt", "$eq", "")


@dataclass(frozen=True)
class Condition:
    """A field, an operator, and what it is compared with."""

    field: str
    operator: str
    value: str

    def holds(self, document: Document) -> bool:
        """Whether a document fulfils it."""
        stated: Any = document
        for part in self.field.split("."):
            stated = stated.get(part) if isinstance(stated, Mapping) else None
        return _OPERATORS[self.operator](stated, self.value)


@dataclass(frozen=True)
class Query:
    """Conditions that all must hold, how many documents, and between which seconds they can lie."""

    conditions: tuple[Condition, ...]
    count: int
    first: int
    last: int

    def chosen(self, documents: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
        """The first count of the documents that fulfil it."""
        looked_at = islice(documents, _MOST_LOOKED_AT)
        fulfilled = (one for one in looked_at if all(condition.holds(one) for condition in self.conditions))
        return list(islice(fulfilled, self.count))


def query_of(collection: Collection, asked: Sequence[tuple[str, str]], last: int) -> Query:
    """What the parameters of an address ask for. Raises DataError for a condition that is not understood.

    last: the second after which there is nothing.
    """
    conditions, count = list[Condition](), USUAL_COUNT
    for name, value in asked:
        if name == "count":
            count = _count(value)
        elif name.startswith("find"):
            conditions = _with(conditions, _condition(name, value))
    times = [condition for condition in conditions if condition.field in TIMES[collection]]
    firsts = [second for second in _seconds(times, _LATER) if second is not None]
    lasts = [second for second in _seconds(times, _EARLIER) if second is not None]
    return Query(tuple(conditions), count, max([0, *firsts]), min([last, *(second + 1 for second in lasts)]))


def _with(conditions: list[Condition], new: Condition) -> list[Condition]:
    """The conditions and a new one; the values of one $in come one by one."""
    same = [one for one in conditions if (one.field, one.operator) == (new.field, "$in") and new.operator == "$in"]
    if not same:
        return [*conditions, new]
    joined = replace(same[0], value=f"{same[0].value}|{new.value}")
    return [joined if one is same[0] else one for one in conditions]


def _count(value: str) -> int:
    if not value.isdecimal() or len(value) > 9:
        raise DataError("count is no number", todo=f"Give 1 to {MOST_COUNT}")
    return min(int(value), MOST_COUNT)


def _condition(name: str, value: str) -> Condition:
    told = _FIND.fullmatch(name)
    parts = re.findall(r"\[([^\]]+)\]", told[1]) if told else []
    field, operator = (parts[0], parts[1] if len(parts) > 1 else "") if parts else ("", "?")
    if operator not in _OPERATORS:
        known = ", ".join(operator for operator in _OPERATORS if operator)
        raise DataError("a condition is not understood", todo=f"Write find[field]=value or find[field][{known}]=value")
    return Condition(field, operator, value)


def _seconds(conditions: Iterable[Condition], operators: Sequence[str]) -> Iterator[int | None]:
    for condition in conditions:
        if condition.operator in operators:
            yield _second(condition.value)


def _second(value: Any) -> int | None:
    """The second of a time as the API writes them; None for something else. A day begins at midnight UTC."""
    try:
        is_day = re.fullmatch(r"\d{4}-\d\d-\d\d", str(value))
        return second_of(time_of({"at": f"{value}T00:00:00Z" if is_day else value}, "at"))
    except BAD:
        return None


def _compared(stated: Any, value: str) -> int | None:
    """-1, 0 or 1: a number as a number, a time as a time, anything else as text; None where nothing is stated."""
    if stated is None:
        return None
    if isinstance(stated, int | float) and not isinstance(stated, bool):
        try:
            return _order(float(stated), float(value))
        except (ValueError, OverflowError):
            return None
    if (one := _second(stated)) is not None and (other := _second(value)) is not None:
        return _order(one, other)
    return _order(str(stated), value)


def _order(one: Ordered, other: Ordered) -> int:
    return int(one > other) - int(one < other)


def _comparing(*results: int) -> Callable[[Any, str], bool]:
    return lambda stated, value: _compared(stated, value) in results


_OPERATORS: dict[str, Callable[[Any, str], bool]] = {
    "": _comparing(0),
    "$eq": _comparing(0),
    "$ne": lambda stated, value: _compared(stated, value) != 0,
    "$gt": _comparing(1),
    "$gte": _comparing(0, 1),
    "$lt": _comparing(-1),
    "$lte": _comparing(-1, 0),
    "$in": lambda stated, value: any(_compared(stated, one) == 0 for one in value.split("|")),
    "$exists": lambda stated, value: (stated is not None) == (value.casefold() in ("1", "true")),
}
