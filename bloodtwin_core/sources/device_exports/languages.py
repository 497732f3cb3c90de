"""Exports in other languages made English before they are read, and the language named of those that cannot be."""

import re
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import replace

from bloodtwin_core.sources.device_exports.column_names import (
    CARELINK_TYPE,
    CARELINK_TYPES,
    CARELINK_VALUES,
    CLARITY_TIME,
    LANGUAGES,
    LAYOUTS,
    LIBRE_TIME,
    TELLTALES,
    Language,
)
from bloodtwin_core.sources.device_exports.export import FIRST_ROWS, Export

ENGLISH = "English"
READ = ", ".join([ENGLISH, *(language.name for language in LANGUAGES)])
_UNIT = re.compile(r"\(?\b(mg/dl|mmol/l)\b\)?$")
_SPELLED = {"mg/dl": "mg/dL", "mmol/l": "mmol/L"}
_SPOKEN = ("Event Type", "Event Subtype", "Glucose Value (mg/dL)", "Glucose Value (mmol/L)")
"""Columns whose cells hold words of the language."""
_NEEDED = frozenset(
    name
    for language in LANGUAGES
    for names in (language.libre, language.clarity, language.carelink)
    for name, english in names.items()
    if english in (LIBRE_TIME, CLARITY_TIME, CARELINK_TYPE)
)
"""One of these stands in every header that is known in another language."""


def in_english(export: Export) -> Export:
    """The export with English column names and words, if its header is in a language that is known; else as it is."""
    for place, row in enumerate(export.rows[:FIRST_ROWS]):
        if (found := _carelink_by_content(export, place)) is not None:
            return found
        if not _NEEDED.intersection(map(_plain, row)):
            continue
        for language in LANGUAGES:
            for names, needed in (
                (language.libre, LIBRE_TIME),
                (language.clarity, CLARITY_TIME),
                (language.carelink, CARELINK_TYPE),
            ):
                header = [_english(cell, names) for cell in row]
                if needed in header and needed not in row:
                    return _translated(export, place, _completed(row, header), language)
    return export


def _carelink_by_content(export: Export, place: int) -> Export | None:
    """The export of a Paradigm pump with row `place` as its header, in a language of which the names of day, time and
    glucose are known, but not of Raw-Type: what stands in it tells which column that is. None if it is none.
    """
    for language in LANGUAGES:
        header = [_english(cell, language.carelink) for cell in export.rows[place]]
        if not {"Date", "Time"}.issubset(header) or CARELINK_TYPE in header or {"Date", "Time"} & {*export.rows[place]}:
            continue
        after = export.rows[place + 1 :]
        told = {at for row in after for at, cell in enumerate(row) if cell in CARELINK_TYPES}
        if len(told) == 1 and (at := told.pop()) + 1 < len(header):
            header[at : at + 2] = CARELINK_TYPE, CARELINK_VALUES
            return _translated(export, place, header, language)
    return None


def language_of(export: Export) -> str | None:
    """The language in which the first rows of an export seem to be, None if it is English or cannot be told."""
    words = " ".join(_plain(cell) for row in export.rows[:FIRST_ROWS] for cell in row if len(row) > 2)
    return next((name for name, telltales in TELLTALES.items() if any(word in words for word in telltales)), None)


def _plain(cell: str) -> str:
    return unicodedata.normalize("NFC", cell).lower().replace("\u2019", "'").strip()


def _english(cell: str, names: Mapping[str, str]) -> str:
    """The English name of a column, or the cell as it is."""
    plain = _plain(cell)
    if plain in names:
        return names[plain]
    if unit := _UNIT.search(plain):
        name = names.get(f"{plain[: unit.start()].strip()} {{unit}}")
        if name is not None:
            return name.replace("{unit}", _SPELLED[unit[1]])
    return cell


def _completed(row: Sequence[str], header: Sequence[str]) -> list[str]:
    """The header with names also for columns whose own is not known, where those around stand as in every language."""
    for readings, layout in LAYOUTS.items():
        for unit in _SPELLED.values():
            names = [name.replace("{unit}", unit) for name in layout]
            known = [(name, place) for place, name in enumerate(names) if name in header]
            if readings.replace("{unit}", unit) in header and all(header.index(name) == at for name, at in known):
                return [
                    names[place] if place < len(names) and cell == row[place] and cell else cell
                    for place, cell in enumerate(header)
                ]
    return list(header)


def _translated(export: Export, place: int, header: Sequence[str], language: Language) -> Export:
    spoken = [at for at, name in enumerate(header) if name in _SPOKEN]
    rows = [
        [language.words.get(cell, cell) if at in spoken else cell for at, cell in enumerate(row)] if spoken else row
        for row in export.rows
    ]
    original = list(export.rows[place])
    rows = [list(header) if list(row) == original else row for row in rows]
    return replace(export, rows=rows, language=language.name)
