"""The oracle of the mutated files sees what it is to see: a number, a time or a row that no file says."""

from dataclasses import replace
from pathlib import Path
from random import Random

import numpy as np
import pytest

from benchmarks.survival.mutated.exports import events_of
from benchmarks.survival.mutated.mutators import EVERYTHING, MUTATORS
from benchmarks.survival.mutated.oracle import faults_of, lines_of, lost_of
from benchmarks.survival.mutated.originals import ORIGINALS, Original
from benchmarks.survival.mutated.tables import split_files
from benchmarks.survival.mutated.trying import Trying, tried
from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.records.split_files import SplitFile


def read(original: Original, folder: Path) -> PumpEvents:
    (folder / "ann").mkdir()
    original.write(folder / "ann")
    return events_of(original, folder)


@pytest.mark.parametrize("name", ORIGINALS)
def test_an_original_is_read_whole_and_says_all_of_it(name: str, tmp_path: Path) -> None:
    original = ORIGINALS[name]()
    found = read(original, tmp_path)
    lines = [line for text in original.files.values() for line in lines_of(text.encode())]
    assert len(found.glucose) == 144
    assert len(found.bolus) == 3
    assert faults_of(lines, found) == []
    assert lost_of(lines, frozenset(), found, found) == []


def test_what_no_line_says_is_seen(tmp_path: Path) -> None:
    original = ORIGINALS["Glooko"]()
    found = read(original, tmp_path)
    lines = [line for text in original.files.values() for line in lines_of(text.encode())]
    glucose, basal = found.glucose, found.basal
    other_value = replace(found, glucose=replace(glucose, glucose=glucose.glucose + 0.5))
    other_time = replace(found, glucose=replace(glucose, times=glucose.times + np.timedelta64(1, "h")))
    other_rate = replace(found, basal=replace(basal, rate=basal.rate * 1.5))
    fewer = replace(found, glucose=glucose.chosen(np.arange(len(glucose)) > 0))
    for wrong in (other_value, other_time, other_rate):
        assert faults_of(lines, wrong)
    assert lost_of(lines, frozenset(), found, fewer)
    assert lost_of(lines, EVERYTHING, found, fewer) == []


def test_a_number_that_is_read_wrong_breaks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from benchmarks.survival.mutated import tables

    real = tables.read_split_file

    def rounded(path: Path) -> SplitFile:
        file = real(path)
        return replace(file, records=replace(file.records, values=np.round(file.records.values)))

    assert not any(each.faults for each in split_files(tmp_path / "a", Trying(), len(MUTATORS)))
    monkeypatch.setattr(tables, "read_split_file", rounded)
    assert any(each.faults for each in split_files(tmp_path / "b", Trying(), len(MUTATORS)))


def test_mutations_are_the_same_for_the_same_seed_and_change_what_they_say() -> None:
    text = ORIGINALS["Clarity"]().files["clarity.csv"]
    for mutator in MUTATORS:
        first, again, other = (mutator(text, Random(seed)) for seed in (1, 1, 2))
        assert first == again, mutator.__name__
        assert first.content != other.content or first.content != text.encode(), mutator.__name__


def test_a_traceback_and_a_refusal_of_many_words_are_faults() -> None:
    def raising(error: Exception) -> list[str]:
        raise error

    assert tried("a", lambda: raising(KeyError("x"))).faults[0].startswith("KeyError")
    assert tried("b", lambda: raising(DataError("no", todo="x " * 2000))).faults
    refused = tried("c", lambda: raising(DataError("no", todo="Mend it")))
    assert (refused.refused, refused.faults) == (True, ())
