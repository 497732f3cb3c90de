"""The AZT1D importer on the published files: the counts of each trap, pinned.

Figures from AZT1D, Khamesian et al., doi:10.17632/gk9m674wcx.1, CC BY 4.0; 20 of its 25 people.
"""

import hashlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest

from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import RECORDS_PER_DAY, RECORDS_PER_HOUR, Feature, PumpRecords, Split
from bloodtwin_core.records.checks.continuity import CheckName, findings
from bloodtwin_core.records.split_files import SplitFile, read_split_file
from bloodtwin_core.sources.azt1d.importer import HEAVY_BOLUS_PEOPLE, Readings, histories, one_reading_per_record
from bloodtwin_core.sources.splits import pump_split_files

ROOT = Path(__file__).parents[4].parent / "shared" / "data" / "azt1d"
PEOPLE = [
    "1",
    "2",
    "3",
    "5",
    "6",
    "7",
    "9",
    "10",
    "11",
    "12",
    "14",
    "15",
    "16",
    "17",
    "18",
    "20",
    "21",
    "22",
    "23",
    "25",
]

pytestmark = pytest.mark.skipif(not (ROOT / "CGM Records").is_dir(), reason="the AZT1D files are not in ../shared/data")


@pytest.fixture(scope="module")
def people() -> dict[str, PumpRecords]:
    return {person.pump_id: person.records for person in histories(DataSettings(root=str(ROOT)))}


@pytest.fixture(scope="module")
def published() -> dict[str, pd.DataFrame]:
    return {person: published_rows(person) for person in PEOPLE}


def published_rows(person: str) -> pd.DataFrame:
    table = pd.read_csv(ROOT / "CGM Records" / f"Subject {person}" / f"Subject {person}.csv")
    return table.rename(columns={"Readings (CGM / BGM)": "CGM"}).assign(time=pd.to_datetime(table["EventDateTime"]))


def peak_minutes(basal: list[npt.NDArray[np.floating]], glucose: list[npt.NDArray[np.floating]]) -> int:
    """Minutes from a basal rate to the glucose with which it correlates best, averaged over people."""
    lags = range(-2 * RECORDS_PER_HOUR, 2 * RECORDS_PER_HOUR + 1)
    means = [
        np.mean([pd.Series(b).corr(pd.Series(g).shift(-lag)) for b, g in zip(basal, glucose, strict=True)])
        for lag in lags
    ]
    return 5 * lags[int(np.argmax(means))]


def test_there_are_as_many_records_as_the_design_measured_on(people: dict[str, PumpRecords]) -> None:
    assert list(people) == PEOPLE
    assert sum(len(records) for records in people.values()) == 159_775
    missing = np.concatenate([records.feature(Feature.bg_missing_flag) for records in people.values()])
    assert missing.mean() == pytest.approx(0.0196, abs=0.0005)


def test_the_records_are_bit_for_bit_what_was_trained_on(people: dict[str, PumpRecords]) -> None:
    """Without the sine and cosine of the time of day, whose last bit is the processor's."""
    exact = [feature for feature in Feature if feature not in (Feature.sin_time, Feature.cos_time)]
    digest = hashlib.sha256()
    for records in people.values():
        digest.update(records.timestamps.astype("<M8[s]").tobytes())
        for feature in exact:
            digest.update(np.nan_to_num(records.feature(feature), nan=-1.0).astype("<f4").tobytes())
    assert digest.hexdigest() == "aef9e3dcc0cf2441f979c29aa50feb90c1e0d6ca95b3a927b66209d9a4f8df40"


def test_the_splits_have_no_finding_at_all(tmp_path_factory: pytest.TempPathFactory) -> None:
    settings = DataSettings(source="azt1d", root=str(ROOT))
    pumps = pump_split_files(settings, tmp_path_factory.mktemp("azt1d") / "splits")
    files: list[SplitFile] = [read_split_file(path) for pump in pumps for path in pump.files.values()]
    assert [each for each in findings(files, settings) if each.check is not CheckName.breaks] == []
    in_split = {split: sum(len(file.records) for file in files if file.split is split) for split in Split}
    assert in_split == {Split.train: 111_837, Split.validate: 23_969, Split.test: 23_969}


def test_trap_1_basal_no_longer_correlates_best_with_later_glucose(
    people: dict[str, PumpRecords], published: dict[str, pd.DataFrame]
) -> None:
    raw = [rows.set_index(rows["time"].dt.floor("5min")) for rows in published.values()]
    grids = [rows[~rows.index.duplicated()].asfreq("5min") for rows in raw]
    repaired = [grid["Basal"].where(grid["Basal"] < 6.5, grid["Basal"] / 1000).to_numpy() for grid in grids]
    assert peak_minutes(repaired, [grid["CGM"].to_numpy(float) for grid in grids]) > 0
    basal = [records.feature(Feature.basal_rate) for records in people.values()]
    assert peak_minutes(basal, [records.feature(Feature.bg) for records in people.values()]) < 0


def test_trap_2_records_begin_an_hour_after_basal_and_unknown_basal_stays_unknown(
    people: dict[str, PumpRecords], published: dict[str, pd.DataFrame]
) -> None:
    for person, records in people.items():
        rows = published[person]
        began = rows["time"][rows["Basal"].first_valid_index()].round("h")
        assert pd.Timestamp(records.timestamps[0]) == began + pd.Timedelta("1h")
        assert np.isnan(records.feature(Feature.basal_rate)[:RECORDS_PER_HOUR]).sum() == 0
    unknown = {person: int(np.isnan(records.feature(Feature.basal_rate)).sum()) for person, records in people.items()}
    assert (unknown["12"], unknown["20"], unknown["1"], unknown["22"]) == (0, 0, 144, 420)


def test_trap_3_lost_decimal_points_are_put_back(
    people: dict[str, PumpRecords], published: dict[str, pd.DataFrame]
) -> None:
    lost = {person: int((rows["Basal"] > 6.5).sum()) for person, rows in published.items()}
    assert {person: count for person, count in lost.items() if count} == {
        "1": 12, "3": 42, "9": 12, "10": 3859, "16": 204, "23": 2268, "25": 1,
    }  # fmt: skip
    largest = {person: np.nanmax(records.feature(Feature.basal_rate)) for person, records in people.items()}
    assert max(largest.values()) == pytest.approx(6.159)
    assert largest["10"] == pytest.approx(2.097)


def test_trap_4_duplicated_rows_and_two_sensors(
    people: dict[str, PumpRecords], published: dict[str, pd.DataFrame]
) -> None:
    assert published["15"].duplicated().sum() == 2041
    assert published["3"].duplicated().sum() == 861
    assert (np.diff(people["15"].timestamps) > np.timedelta64(0, "s")).all()
    # Person 15's doses, each event once: with the duplicated rows it would be a fifth more.
    rows = published["15"]
    since = rows[rows["time"] >= pd.Timestamp(people["15"].timestamps[0])]
    events = since.drop_duplicates(["time", "TotalBolusInsulinDelivered"])["TotalBolusInsulinDelivered"].sum()
    assert people["15"].feature(Feature.bolus_dose).sum() == pytest.approx(events, abs=0.01)


def test_trap_4_rows_of_a_gap_under_the_next_readings_timestamp_do_not_move_basal(
    people: dict[str, PumpRecords], published: dict[str, pd.DataFrame]
) -> None:
    # No reading from 20:18 to 22:38: the rows of hours 21 and 22 stand under these two timestamps.
    cluster = published["25"][published["25"]["EventDateTime"] == "2024-03-18 20:18:17"]
    assert set(cluster["Basal"]) == {1.108, 0.405}
    basal = pd.Series(people["25"].feature(Feature.basal_rate), pd.DatetimeIndex(people["25"].timestamps))
    hourly = basal["2024-03-18 21:00":"2024-03-19 00:00":12]  # type: ignore[misc]
    assert hourly.tolist() == pytest.approx([1.108, np.nan, 1.192, 1.806], nan_ok=True)


def test_trap_4_one_of_person_3s_sensors_is_followed(published: dict[str, pd.DataFrame]) -> None:
    rows = published["3"].drop_duplicates(["time", "CGM"])
    kept = one_reading_per_record(
        Readings(rows["time"].to_numpy().astype("datetime64[s]"), rows["CGM"].to_numpy(np.float64))
    )
    # From 18:40 to 19:35 both read at the same minute, 36 to 46 mg/dL apart; at 19:40 the followed one has ended.
    both = (kept.times >= np.datetime64("2023-12-11T18:30")) & (kept.times < np.datetime64("2023-12-11T19:40"))
    followed = [185, 179, 176, 176, 178, 175, 168, 166, 162, 157, 154, 154, 157, 147]
    assert kept.glucose[both].tolist() == followed
    # An hour before, the ending sensor reads at minutes 4 and 9, the next one at 0 and 5.
    rhythm = (kept.times >= np.datetime64("2023-12-11T17:00")) & (kept.times < np.datetime64("2023-12-11T17:40"))
    assert kept.glucose[rhythm].tolist() == [170, 174, 184, 186, 190, 192, 195, 199]


def test_trap_5_person_14_has_glucose_from_the_column_of_another_name(people: dict[str, PumpRecords]) -> None:
    assert len(people["14"]) == 8052
    assert people["14"].feature(Feature.bg_missing_flag).mean() < 0.02


def test_trap_6_five_people_use_far_more_bolus_than_the_others(people: dict[str, PumpRecords]) -> None:
    units_a_day = {
        person: float(records.feature(Feature.bolus_dose).sum()) / len(records) * RECORDS_PER_DAY
        for person, records in people.items()
    }
    heavy = {person: units for person, units in units_a_day.items() if person in HEAVY_BOLUS_PEOPLE}
    assert len(heavy) == 5
    assert min(heavy.values()) > 40
    assert max(units for person, units in units_a_day.items() if person not in heavy) < 26


def test_trap_7_person_23_without_carbohydrates_is_read(
    people: dict[str, PumpRecords], published: dict[str, pd.DataFrame]
) -> None:
    given = published["23"]["CarbSize"]
    assert given.fillna(0).eq(0).all()
    assert people["23"].feature(Feature.bolus_dose).sum() > 0


def test_trap_8_no_hour_takes_its_basal_from_a_jittering_edge(
    people: dict[str, PumpRecords], published: dict[str, pd.DataFrame]
) -> None:
    # Person 25's rows at minute 58 carry the next hour's basal, nearly always.
    rows = published["25"].dropna(subset="Basal").drop_duplicates(["time", "Basal"]).drop_duplicates("time", keep=False)
    minute, hour = rows["time"].dt.minute, rows["time"].dt.floor("h")
    inner = rows[(minute >= 3) & (minute < 57)].groupby(hour)["Basal"].median()
    edge = rows[minute == 58].set_index(hour[minute == 58])["Basal"]
    of_next = inner.reindex(edge.index + pd.Timedelta("1h")).to_numpy()
    assert np.mean(edge.to_numpy() == of_next) > 0.95
    hour_before = pd.Series(people["25"].timestamps).dt.floor("h") - pd.Timedelta("1h")
    expected = inner.where(inner <= 6.5, inner / 1000).reindex(hour_before).to_numpy(np.float32)
    np.testing.assert_array_equal(people["25"].feature(Feature.basal_rate), expected)
