"""Device exports, mutated: refused, or read as their lines say, and what is left out of them is counted."""

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from random import Random

import numpy as np

from benchmarks.survival.mutated.mutators import MUTATORS, swapped_columns
from benchmarks.survival.mutated.oracle import Line, faults_of, lines_of, lost_of
from benchmarks.survival.mutated.originals import ORIGINALS, Original, xdrip_database, zipped
from benchmarks.survival.mutated.trying import Tried, Trying, tried
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.sources.registry import source_named
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.source import EventSource

MAX_GAP_HOURS = 15.0
_IN_ZIP = 4
"""One in so many of an app that exports zip files is a damaged zip file."""


def device_exports(folder: Path, trying: Trying, count: int) -> Iterator[Tried]:
    """About as many mutated exports of each kind, and of xDrip+'s database."""
    each = max(1, count // (len(ORIGINALS) + 1))
    for number, (name, original) in enumerate(ORIGINALS.items()):
        yield from _of_kind(folder / f"{number}", name, original(), trying, each)
    yield from _of_database(folder / "database", trying, max(1, count - each * len(ORIGINALS)))


def _of_kind(folder: Path, name: str, original: Original, trying: Trying, count: int) -> Iterator[Tried]:
    wearer = folder / "root" / "ann"
    wearer.mkdir(parents=True)
    original.write(wearer)
    whole = events_of(original, folder / "root")
    for number in range(count):
        if original.packed and number % _IN_ZIP == 0:
            yield _damaged_zip(folder, f"{name}, zip {trying.first + number}", original, whole)
            continue
        file = original.mutated[number % len(original.mutated)]
        mutator = MUTATORS[number % len(MUTATORS)]
        what = f"{name}, {file}, {mutator.__name__} {trying.first + number // len(MUTATORS)}"
        mutated = mutator(original.files[file], Random(what))
        (wearer / file).write_bytes(mutated.content)

        # Where a time stands in two columns, swapped ones may be in an order that only the header tells.
        in_order = mutator is not swapped_columns

        def read(file: str = file, touched: frozenset[int] = mutated.touched, in_order: bool = in_order) -> list[str]:
            found = events_of(original, folder / "root")
            lines = [line for each in original.files for line in lines_of((wearer / each).read_bytes())]
            before = lines_of(original.files[file].encode())
            return [*faults_of(lines, found, in_order), *lost_of(before, touched, whole, found)]

        yield tried(what, read)
        original.write(wearer)


def _damaged_zip(folder: Path, what: str, original: Original, whole: PumpEvents) -> Tried:
    """A zip file that was cut or some of whose bits are others."""
    chance, root = Random(what), folder / "zipped"
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir(parents=True)
    content = bytearray(zipped(original.files))
    if chance.random() < 0.5:
        del content[chance.randrange(1, len(content)) :]
    else:
        for _ in range(chance.randint(1, 8)):
            content[chance.randrange(len(content))] ^= 1 << chance.randrange(8)
    (root / "ann").mkdir()
    (root / "ann" / "export.zip").write_bytes(content)

    def read() -> list[str]:
        found = events_of(original, root)
        lines = [line for text in original.files.values() for line in lines_of(text.encode())]
        return [*faults_of(lines, found), *lost_of(lines, frozenset(), whole, found)]

    return tried(what, read)


def _of_database(folder: Path, trying: Trying, count: int) -> Iterator[Tried]:
    """A database some of whose bits are others, or which was cut: what SQLite itself still finds in it may be read."""
    path = folder / "root" / "ann" / "export.sqlite"
    path.parent.mkdir(parents=True)
    xdrip_database(path)
    content = path.read_bytes()
    original = Original("xdrip", {}, ())

    def read() -> list[str]:
        found = events_of(original, folder / "root")
        return faults_of(_rows_of(path), found)

    for number in range(count):
        what = f"xDrip+'s database {trying.first + number}"
        chance, changed = Random(what), bytearray(content)
        if number % 4 == 0:
            del changed[chance.randrange(1, len(changed)) :]
        else:
            for _ in range(chance.choice([1, 3, 30, 300])):
                changed[chance.randrange(len(changed))] ^= 1 << chance.randrange(8)
        path.write_bytes(changed)
        yield tried(what, read)


def _rows_of(path: Path) -> list[Line]:
    database = sqlite3.connect(path)
    rows = list(database.execute("SELECT timestamp, calculated_value FROM BgReadings"))
    rows += list(database.execute("SELECT timestamp, insulin FROM Treatments"))
    database.close()
    told = [row for row in rows if all(isinstance(cell, int | float) for cell in row) and abs(row[0]) < 1e15]
    return [Line(frozenset({int(time // 1000)}), frozenset({float(value)})) for time, value in told]


def events_of(original: Original, root: Path) -> PumpEvents:
    """The events of the one wearer under root; records are made of them too, which must go well or be refused."""
    source = source_named(original.source)
    assert isinstance(source, EventSource)
    own = {original.source: dict(original.own)} if original.own else {}
    (found,) = source.events(data_settings(source=original.source, root=str(root), **own), lambda _: None)
    records, _ = records_from_events(found, MAX_GAP_HOURS)
    assert np.isfinite(records.values[:, 0]).any()
    return found
