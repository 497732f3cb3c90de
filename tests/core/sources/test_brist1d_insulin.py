"""BrisT1D as published: mmol/L, all insulin as one number, and each trap of it, on small made files."""

from datetime import datetime, timedelta
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import settings as example_settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.sources import TrainOnlySource
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.kinds import Floats, PumpEvents
from bloodtwin_core.events.repairs import RepairKind, Repairs
from bloodtwin_core.events.units import MG_PER_DL_PER_MMOL_PER_L, UnitsError
from bloodtwin_core.records import CARBOHYDRATES, FEATURES, RECORD_INTERVAL, Feature, PumpRecords, Split
from bloodtwin_core.records.split_files import PumpSplitFiles, read_split_file
from bloodtwin_core.sources.brist1d.importer import events
from bloodtwin_core.sources.brist1d.insulin import LARGEST_BASAL, Deliveries, basal_part
from bloodtwin_core.sources.splits import pump_split_files
from bloodtwin_core.sources.train_only import train_only_split_files
from tests.core.sources import test_brist1d as harmonised

ROOT = Path(__file__).parents[3].parent / "shared" / "data" / "brist1d_open"
HEADER = "timestamp,bg,insulin,carbs"
START = datetime(2023, 6, 10, 12, 0)
DAY = 288


def stamp(time: datetime) -> str:
    return f"{time:%Y-%m-%d %H:%M:%S}"


def readings(count: int, minutes: float = 5.0) -> list[str]:
    """Readings of their own times, a minute after the grid, that rise and fall; the first is a record before START."""
    start = START - timedelta(minutes=9)
    return [f"{stamp(start + timedelta(minutes=minutes * n))},{6 + 0.1 * (n % 40):.1f},," for n in range(count)]


def deliveries(units: list[float]) -> list[str]:
    """Insulin of every five minutes from START on."""
    return [f"{stamp(START + timedelta(minutes=5 * n))},,{amount:g}," for n, amount in enumerate(units)]


def write(root: Path, lines: list[str], person: str = "P02", header: str = HEADER) -> DataSettings:
    root.mkdir(exist_ok=True)
    (root / f"{person}.csv").write_text("\n".join([header, *sorted(lines)]) + "\n", encoding="utf-8")
    return DataSettings(source="brist1d", root=str(root))


def imported(root: Path, units: list[float], *more: str, count: int = 0) -> PumpEvents:
    (person,) = events(write(root, [*readings(count or len(units)), *deliveries(units), *more]))
    return person


def records_of(person: PumpEvents) -> tuple[PumpRecords, Repairs]:
    return records_from_events(person, 15.0)


def units_of(records: PumpRecords) -> Floats:
    """U [record] of basal and bolus together, as far as they are known."""
    basal, bolus = records.feature(Feature.basal_rate), records.feature(Feature.bolus_dose)
    return np.nan_to_num(basal) / 12 + np.nan_to_num(bolus)


def split(units: list[float]) -> Floats:
    times = np.datetime64(START, "s") + np.arange(len(units)) * RECORD_INTERVAL
    return basal_part(Deliveries(times, np.array(units)))


def test_glucose_is_mmol_and_stands_at_its_own_time(tmp_path: Path) -> None:
    person = imported(tmp_path, [0.1] * 100)
    assert person.pump_id == "P02"
    assert person.glucose.times[0] == np.datetime64("2023-06-10T11:51:00")
    assert person.glucose.glucose[:3] == pytest.approx(np.array([6.0, 6.1, 6.2]) * MG_PER_DL_PER_MMOL_PER_L)
    assert not person.repairs, "a row of insulin is no reading that could not be understood"


def test_insulin_is_of_the_five_minutes_before_its_timestamp(tmp_path: Path) -> None:
    records, _ = records_of(imported(tmp_path, [0.1] * 30 + [4.1] + [0.05] * 30))
    start = int(np.searchsorted(records.timestamps, np.datetime64(START, "s")))
    assert records.timestamps[start] == np.datetime64(START, "s")
    np.testing.assert_allclose(records.feature(Feature.basal_rate)[start : start + 33], [1.2] * 31 + [0.6] * 2)
    np.testing.assert_allclose(records.feature(Feature.bolus_dose)[start : start + 32], [0] * 30 + [4.0, 0])


def test_small_deliveries_are_basal_and_of_large_ones_what_exceeds_the_usual() -> None:
    assert split([0.1] * 25 + [3.0, 0.1]).tolist() == pytest.approx([0.1] * 27)
    assert split([0.02, 0.2, 0.0, 0.4]).tolist() == pytest.approx([0.02, 0.2, 0.0, 0.4])
    assert split([0.1] * 25 + [0.45])[-1] == pytest.approx(LARGEST_BASAL)


def test_the_end_of_a_bolus_in_the_next_row_is_bolus() -> None:
    assert split([0.1] * 25 + [3.0, 0.4, 0.3]).tolist() == pytest.approx([0.1] * 27 + [0.3])
    assert split([0.1] * 25 + [3.0, 0.04])[-1] == pytest.approx(0.04), "no more basal than was delivered"


def test_a_bolus_of_hours_does_not_pass_for_basal() -> None:
    assert split([0.1] * 10 + [0.9] * 20)[10:].tolist() == pytest.approx([0.1] * 20)
    assert split([0.9] * 5).tolist() == [0.0] * 5


@example_settings(deadline=None)
@given(st.lists(st.floats(0, 30).map(lambda units: round(units, 4)), min_size=1, max_size=80), st.data())
def test_the_split_of_a_row_depends_on_nothing_that_comes_later(units: list[float], data: st.DataObject) -> None:
    until = data.draw(st.integers(1, len(units)))
    np.testing.assert_array_equal(split(units)[:until], split(units[:until]))
    basal = split(units)
    assert ((basal >= 0) & (basal <= np.minimum(units, LARGEST_BASAL))).all()


@example_settings(max_examples=30, deadline=None)
@given(
    st.lists(
        st.one_of(st.floats(0, 0.5), st.floats(0.5, 24), st.just(0.0)).map(lambda units: round(units, 4)),
        min_size=30,
        max_size=120,
    )
)
def test_not_a_unit_is_lost_or_made_up(tmp_path_factory: pytest.TempPathFactory, units: list[float]) -> None:
    person = imported(tmp_path_factory.mktemp("brist1d"), units)
    records, repairs = records_of(person)
    assert units_of(records).sum() == pytest.approx(sum(units), abs=1e-3)
    assert repairs[RepairKind.insulin_outside_records] == 0


def test_more_than_the_bolus_limit_goes_to_the_next_records(tmp_path: Path) -> None:
    records, repairs = records_of(imported(tmp_path, [0.1] * 30 + [46.7] + [0.1] * 30))
    assert units_of(records).sum() == pytest.approx(6.0 + 46.7)
    assert np.nanmax(records.feature(Feature.bolus_dose)) == 25
    assert repairs[RepairKind.boluses_spread] > 0


def test_zeros_for_more_than_six_hours_are_unknown_and_fewer_are_none(tmp_path: Path) -> None:
    person = imported(tmp_path, [0.1] * 30 + [0.0] * 72 + [0.1] * 30 + [0.0] * 73 + [0.1] * 30)
    records, repairs = records_of(person)
    start = int(np.searchsorted(records.timestamps, np.datetime64(START, "s")))
    unknown = np.zeros(235, dtype=bool)
    unknown[132:205] = True
    for feature in (Feature.basal_rate, Feature.bolus_dose):
        np.testing.assert_array_equal(np.isnan(records.feature(feature)[start : start + 235]), unknown)
    np.testing.assert_array_equal(records.feature(Feature.basal_rate)[start + 30 : start + 102], 0)
    assert repairs[RepairKind.insulin_unrecorded] == 73
    assert np.isfinite(records.feature(Feature.bg)[start + 132 : start + 205]).all(), "glucose goes on"


def test_before_the_first_and_after_the_last_row_of_insulin_it_is_unknown(tmp_path: Path) -> None:
    units = [0.1] * 50
    lines = [*readings(2 * DAY), *[line.replace("2023-06-10", "2023-06-11") for line in deliveries(units)]]
    (person,) = events(write(tmp_path, lines))
    records, _ = records_of(person)
    known = np.isfinite(records.feature(Feature.bolus_dose))
    assert known.sum() == 50
    np.testing.assert_array_equal(known, np.isfinite(records.feature(Feature.basal_rate)))
    assert records.timestamps[known][0] == np.datetime64("2023-06-11T12:00:00")
    assert len(records) == 2 * DAY, "no records are made up behind the last reading"


def test_where_a_row_of_insulin_is_missing_it_is_unknown(tmp_path: Path) -> None:
    lines = [*readings(60), *(line for n, line in enumerate(deliveries([0.1] * 60)) if n not in (20, 21))]
    (person,) = events(write(tmp_path, lines))
    records, _ = records_of(person)
    missing = np.datetime64(START, "s") + np.array([-1, 20, 21]) * RECORD_INTERVAL
    for feature in (Feature.basal_rate, Feature.bolus_dose):
        assert records.timestamps[np.isnan(records.feature(feature))].tolist() == missing.tolist()


def test_less_than_no_insulin_is_none_and_counted(tmp_path: Path) -> None:
    records, repairs = records_of(imported(tmp_path, [0.1] * 30 + [-0.31] + [0.1] * 30))
    assert repairs[RepairKind.insulin_below_zero] == 1
    assert units_of(records).sum() == pytest.approx(6.0)


def test_a_person_without_insulin_has_unknown_insulin(tmp_path: Path) -> None:
    (person,) = events(write(tmp_path, readings(300)))
    records, _ = records_of(person)
    assert np.isnan(records.feature(Feature.basal_rate)).all()
    assert np.isnan(records.feature(Feature.bolus_dose)).all()


def test_columns_of_the_watch_are_passed_over(tmp_path: Path) -> None:
    header = "timestamp,bg,insulin,carbs,hr,dist,steps,cals,activity,device"
    lines = [f"{line},,,,,," for line in [*readings(60), *deliveries([0.1] * 60)]]
    watch = [f"{stamp(START + timedelta(seconds=10 * n))},,,,81.5,0.01,3,1.2,Walking,Apple" for n in range(90)]
    (person,) = events(write(tmp_path, [*lines, *watch], header=header))
    records, repairs = records_of(person)
    assert (len(person.glucose), units_of(records).sum()) == (60, pytest.approx(6.0))
    assert not repairs[RepairKind.unreadable_rows]


def test_announced_carbohydrates_are_there_for_whoever_wants_them(tmp_path: Path) -> None:
    person = imported(tmp_path, [0.1] * 60, "2023-06-10 12:31:00,,,45")
    records, _ = records_from_events(person, 15.0, features=(*FEATURES, CARBOHYDRATES))
    place = int(np.searchsorted(records.timestamps, np.datetime64("2023-06-10T12:35:00")))
    assert records.values[place, -1] == 45
    assert records_of(person)[0].values.shape[1] == len(Feature)


def test_interleaved_readings_and_slow_sensors_are_told_in_this_layout_too(tmp_path: Path) -> None:
    twice = [line.replace(":01:00", ":03:00").replace(":06:00", ":08:00") for line in readings(300)[100:112]]
    person = imported(tmp_path, [0.1] * 300, *twice)
    assert person.repairs[RepairKind.interleaved_readings] > 0
    settings = write(tmp_path, [*readings(300, minutes=15), *deliveries([0.1] * 300)])
    with pytest.raises(DataError, match="nobody has a reading every five minutes"):
        list(events(settings))


def test_both_layouts_lie_in_one_folder_and_name_people_alike(tmp_path: Path) -> None:
    write(tmp_path, [*readings(300), *deliveries([0.1] * 300)], "P02")
    settings = harmonised.write(tmp_path, harmonised.rows(300), "P03")
    first, second = events(settings)
    assert (first.pump_id, second.pump_id) == ("P02", "P03")
    assert (len(first.basal) > 0, len(second.basal)) == (True, 0)


def test_nobody_is_tested_in_one_layout_and_learnt_from_in_the_other(tmp_path: Path) -> None:
    settings = write(tmp_path / "published", [*readings(300), *deliveries([0.1] * 300)])
    other = harmonised.write(tmp_path / "harmonised", harmonised.rows(300))
    also = settings.model_copy(update={"learn_also_from": [TrainOnlySource(source="brist1d", root=other.root)]})
    with pytest.raises(SettingsError, match="P02"):
        train_only_split_files(also, [PumpSplitFiles("P02", {})], tmp_path / "splits")


def test_splits_keep_known_and_unknown_insulin(tmp_path: Path) -> None:
    units = [0.1] * 200 + [0.0] * 100 + [0.1] * 300
    settings = write(tmp_path / "root", [*readings(600), *deliveries(units)])
    (pump,) = pump_split_files(settings, tmp_path / "splits")
    parts = [read_split_file(pump.files[split]).records for split in Split]
    assert sum(units_of(part).sum() for part in parts) == pytest.approx(50.0, abs=1e-3)
    assert sum(int(np.isnan(part.feature(Feature.bolus_dose)).sum()) for part in parts) == 1 + 100


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("2023-06-10 12:02:30,,0.1,", r"column insulin: 2023-06-10T12:02:30 is not on the five-minute grid"),
        ("2023-06-10 12:05:00,,0.2,", r"column insulin: 2023-06-10T12:05:00 stands with two amounts of insulin"),
        ("2023-06-10 12:05:00,,101,", r"column insulin: 101 is not U of insulin"),
        ("2023-06-10 12:02:00,,,-4", r"column carbs: -4 is not g of carbohydrates"),
        ("2023-06-10 12:02:00,0,,", r"column bg: 0 is not a glucose in mmol/L"),
        ("2023-06-10 12:02:00,56,,", r"column bg: 56 is not a glucose in mmol/L"),
        ("2023-06-10 12:02:00,high,,", r"column bg: 'high' is not a number"),
    ],
)
def test_a_bad_row_is_named(tmp_path: Path, line: str, said: str) -> None:
    with pytest.raises(DataError, match=rf"P02\.csv, line \d+, {said}"):
        imported(tmp_path, [0.1] * 60, line)


def test_mg_per_dl_under_the_name_of_mmol_is_refused(tmp_path: Path) -> None:
    lines = [f"{stamp(START + timedelta(minutes=5 * n))},{45 + n % 9},0.1," for n in range(300)]
    with pytest.raises(UnitsError, match="cannot be mmol/L"):
        list(events(write(tmp_path, lines)))


def test_a_header_of_neither_layout_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"the header is of neither layout of BrisT1D; there are timestamp, bg"):
        list(events(write(tmp_path, readings(60), header="timestamp,bg,x,y")))


@pytest.mark.skipif(not ROOT.is_dir(), reason="the published BrisT1D files are not in ../shared/data")
def test_published_files_are_understood() -> None:
    settings = DataSettings(source="brist1d", root=str(ROOT), pump_ids=["P07", "P12", "P15"])
    found = {person.pump_id: records_of(person) for person in events(settings)}
    assert found["P12"][1][RepairKind.insulin_below_zero] == 2
    assert np.isnan(found["P07"][0].feature(Feature.basal_rate)).all()
    assert found["P15"][1][RepairKind.insulin_unrecorded] > 28 * DAY
