"""Events and repairs as sources hand them over."""

from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import BasalEvents, BolusEvents, GlucoseEvents, PumpEvents
from bloodtwin_core.events.repairs import MEANINGS, RepairKind, Repairs, read_repairs
from bloodtwin_core.events.splits import write_event_splits
from bloodtwin_core.records.split_files import read_split_file
from bloodtwin_core.records.split_header import SplitHeader
from tests.core.events.hand_made import pump, steady_glucose

TIMES = ["2024-01-01T00:05", "2024-01-01T00:00"]


def test_events_are_sorted_with_their_values() -> None:
    glucose = GlucoseEvents.of(TIMES, [2, 1], ["b", "a"])
    assert glucose.glucose.tolist() == [1, 2]
    assert glucose.sensor.tolist() == ["a", "b"]
    assert BolusEvents.of(TIMES, [2, 1]).minutes.tolist() == [0, 0]
    assert BasalEvents.of([TIMES[0]] * 2, [1, 2]).rate.tolist() == [1, 2], "of the same second the order stays"


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf, -1.0])
def test_values_that_are_none_are_refused(value: float) -> None:
    with pytest.raises(ValueError, match="a bolus needs a dose"):
        BolusEvents.of(TIMES, [1.0, value])
    with pytest.raises(ValueError, match="a bolus needs a dose"):
        BolusEvents.of(TIMES, [1.0, 1.0], [0.0, value])
    if not np.isnan(value):
        with pytest.raises(ValueError, match="a basal rate must be"):
            BasalEvents.of(TIMES, [1.0, value])
    if not np.isfinite(value):
        with pytest.raises(ValueError, match="needs a finite reading"):
            GlucoseEvents.of(TIMES, [100.0, value])


def test_an_event_without_a_time_is_refused() -> None:
    with pytest.raises(ValueError, match="an event needs a time"):
        GlucoseEvents.of(["NaT", TIMES[0]], [1.0, 2.0])


def test_merging_leaves_out_and_counts_exact_repeats_alone() -> None:
    one = PumpEvents("a", GlucoseEvents.of(TIMES, [100, 110]), BasalEvents.of(TIMES, [np.nan, 1.0]))
    other = PumpEvents("b", GlucoseEvents.of(TIMES[:1], [101]), bolus=BolusEvents.of(TIMES, [1.0, 1.0]))
    merged = one.merged(other, one, PumpEvents.empty("c"))
    assert merged.pump_id == "a"
    assert (len(merged.glucose), len(merged.basal), len(merged.bolus)) == (3, 2, 2)
    assert merged.repairs[RepairKind.repeated_events] == 4


def test_repairs_add_up_and_are_read_back_from_their_text() -> None:
    repairs = Repairs.of(RepairKind.clock_set_back, 2) + Repairs.of(RepairKind.insulin_outside_records, 1.25)
    repairs += Repairs.of(RepairKind.clock_set_back, 1) + Repairs.of(RepairKind.times_refused, 0)
    assert repairs.text() == "clock_set_back=3; insulin_outside_records=1.250"
    assert Repairs.from_text(repairs.text()) == repairs
    assert repairs.sentences()[0] == "times that the device's clock was set back: 3"
    assert not Repairs()
    assert set(MEANINGS) == set(RepairKind)


@pytest.mark.parametrize("text", ["", "nonsense", "clock_set_back", "clock_set_back=x; who=3", "=;=", "1=1"])
def test_a_header_of_somebody_else_has_no_repairs(text: str) -> None:
    assert not read_repairs(SplitHeader(extra={"repairs": text}))
    assert not read_repairs(SplitHeader())


def test_every_split_file_says_what_was_repaired_in_the_pumps_history(tmp_path: Path) -> None:
    events = pump(steady_glucose(1440), basal=[(0, 16.0)], bolus=[(10, 60.0)])
    (written,) = write_event_splits(
        [
            events,
        ],
        DataSettings(),
        tmp_path / "splits",
        notes="a note",
    )
    headers = [read_split_file(path).header for path in written.files.values()]
    assert {read_repairs(header)[RepairKind.boluses_spread] for header in headers} == {1}
    assert {header.notes for header in headers} == {"a note"}


def test_a_history_without_repairs_says_nothing_of_them(tmp_path: Path) -> None:
    (written,) = write_event_splits([pump(steady_glucose(1440))], DataSettings(), tmp_path / "splits")
    assert "# repairs" not in next(iter(written.files.values())).read_text()


def test_a_pump_that_comes_twice_is_refused_and_what_stood_stays(tmp_path: Path) -> None:
    events = pump(steady_glucose(1440))
    write_event_splits([events], DataSettings(), tmp_path / "splits")
    before = sorted((tmp_path / "splits").rglob("*"))
    with pytest.raises(DataError, match="pump a comes twice"):
        write_event_splits([events, events], DataSettings(), tmp_path / "splits")
    assert sorted((tmp_path / "splits").rglob("*")) == before
    assert sorted(path.name for path in tmp_path.iterdir()) == ["splits"]


def test_the_pumps_of_a_wearer_become_one_when_asked_for(tmp_path: Path) -> None:
    settings = DataSettings(wearers={"anna": ["a"]}, join_wearers=True)
    (written,) = write_event_splits([pump(steady_glucose(1440))], settings, tmp_path / "splits")
    assert written.pump_id == "anna"


def test_names_of_sensors_are_kept_short_since_each_takes_the_memory_of_the_longest() -> None:
    times = np.datetime64("2024-03-01T00:00", "s") + np.arange(3) * np.timedelta64(300, "s")
    for names in (["a", "b" * 1_000_000, "c"], np.array(["a", "b" * 5_000, "c"])):
        found = GlucoseEvents.of(times, [100.0, 101.0, 102.0], names)
        assert found.sensor.tolist() == ["a", "b" * 100, "c"]
    assert GlucoseEvents.of(times, [100.0, 101.0, 102.0], "d" * 101).sensor.tolist() == ["d" * 100] * 3
    assert GlucoseEvents.of([], [], []).sensor.tolist() == []
