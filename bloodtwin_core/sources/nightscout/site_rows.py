"""The rows of a site side by side in arrays, so that they are read without pandas, which alone takes 60 MB."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
import numpy.typing as npt

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.records import Mask, Timestamps
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.row import Row

Objects = npt.NDArray[np.object_]
"""Strings of any length, [row]."""
_KINDS = tuple(SiteKind)
_NUMBERS: dict[str, int] = {kind.value: number for number, kind in enumerate(_KINDS)}


@dataclass(frozen=True)
class SiteRows:
    """Rows as SiteKind describes them, [row] each.

    id, detail: str. kind: the place of the row's SiteKind among all of them. times: UTC. value, minutes: by kind.
    """

    id: Objects
    kind: npt.NDArray[np.int8]
    times: Timestamps
    value: Floats
    minutes: Floats
    detail: Objects

    @classmethod
    def of(cls, rows: Iterable[Row]) -> Self:
        """From rows one by one."""
        listed = list(rows)
        return cls(
            _objects([row.id for row in listed]),
            _numbers([row.kind for row in listed]),
            np.array([row.time for row in listed], dtype="datetime64[s]"),
            np.array([row.value for row in listed], dtype=np.float64),
            np.array([row.minutes for row in listed], dtype=np.float64),
            _objects(_shared([row.detail for row in listed])),
        )

    @classmethod
    def of_columns(
        cls, times: Timestamps, numbers: tuple[Floats, Floats], *, ids: list[str], kinds: list[str], details: list[str]
    ) -> Self:
        """From columns; numbers: value and minutes."""
        return cls(_objects(ids), _numbers(kinds), times, *numbers, _objects(_shared(details)))

    @classmethod
    def joined(cls, parts: Sequence[Self]) -> Self:
        """The rows of all parts, one part after the other."""
        if len(parts) == 1:
            return parts[0]
        none = cls.of([])
        names = cls.__dataclass_fields__
        return cls(*(np.concatenate([getattr(part, name) for part in [none, *parts]]) for name in names))

    def __len__(self) -> int:
        return len(self.times)

    def are(self, *kinds: SiteKind) -> Mask:
        """Which rows are of these kinds."""
        return np.isin(self.kind, [_NUMBERS[kind] for kind in kinds])

    def chosen(self, which: Mask | npt.NDArray[np.intp]) -> Self:
        """The rows where a mask is true, or of an array of places, in its order."""
        return type(self)(*(getattr(self, name)[which] for name in self.__dataclass_fields__))

    def of_kind(self, *kinds: SiteKind) -> Self:
        """The rows of these kinds."""
        return self.chosen(self.are(*kinds))

    def in_order(self) -> Self:
        """The rows in the order of time; those of the same second stay as they are."""
        return self.chosen(np.argsort(self.times, kind="stable"))

    def once(self) -> Self:
        """Each id once, the last of it."""
        last = {name: place for place, name in enumerate(self.id)}
        return self if len(last) == len(self) else self.chosen(np.array(sorted(last.values()), dtype=np.intp))

    def with_ids_of(self, kind: SiteKind) -> Self:
        """Without the ids of other rows, which take as much memory as all else."""
        return replace(self, id=np.where(self.are(kind), self.id, ""))


def _numbers(kinds: Sequence[str]) -> npt.NDArray[np.int8]:
    other = _NUMBERS[SiteKind.other]
    return np.array([_NUMBERS.get(kind, other) for kind in kinds], dtype=np.int8)


def _shared(texts: list[str]) -> list[str]:
    """The same texts, equal ones as one object: a sensor's name stands in every reading."""
    known: dict[str, str] = {}
    return [known.setdefault(text, text) for text in texts]


def _objects(texts: list[str]) -> Objects:
    told: Objects = np.array(texts, dtype=np.object_)
    return told
