"""Nonsense is refused in words by either forecaster, whatever it is, and a stream has taken nothing of it."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bloodtwin_core.common.errors import BloodTwinError, DataError, SettingsError
from bloodtwin_core.records import RECORD_INTERVAL, WALL_TIME, Clock, Feature, PumpRecords
from bloodtwin_core.serving import Forecaster, StreamingForecaster
from bloodtwin_core.serving.intake import taken
from tests.core.serving.small_models import LOOKBACK, a_day, changed, rules, small_exports, without_reading

Spoil = Callable[[PumpRecords], PumpRecords]
ROW = LOOKBACK
"""The row that is spoilt: inside the lookback, some records before its end."""


def one(row: int = ROW, **values: float) -> Spoil:
    return lambda records: changed(records, row, **values)


def everywhere(feature: str, value: float) -> Spoil:
    def spoil(records: PumpRecords) -> PumpRecords:
        values = records.values.copy()
        values[:, Feature(feature).column] = value
        return replace(records, values=values)

    return spoil


def glucose(made: Callable[[np.ndarray], np.ndarray]) -> Spoil:
    """Other glucose, with the change and the flags that belong to it."""

    def spoil(records: PumpRecords) -> PumpRecords:
        values = records.values.copy()
        values[:, Feature.bg.column] = made(records.feature(Feature.bg))
        values[1:, Feature.delta_bg.column] = np.diff(values[:, Feature.bg.column])
        return replace(records, values=values)

    return spoil


def times(made: Callable[[np.ndarray], np.ndarray]) -> Spoil:
    return lambda records: replace(records, timestamps=made(records.timestamps.copy()))


def moved(row: int, seconds: int, to_the_end: bool = False) -> Spoil:
    def shift(stamps: np.ndarray) -> np.ndarray:
        stamps[row : None if to_the_end else row + 1] += np.timedelta64(seconds, "s")
        return stamps

    return times(shift)


def exchanged(records: PumpRecords) -> PumpRecords:
    order = np.arange(len(records))
    order[[ROW, ROW + 1]] = order[[ROW + 1, ROW]]
    return replace(records, timestamps=records.timestamps[order], values=records.values[order])


def without_time(stamps: np.ndarray) -> np.ndarray:
    stamps[ROW] = np.datetime64("NaT")
    return stamps


def every_15_minutes(records: PumpRecords) -> PumpRecords:
    values = np.repeat(records.values, 3, axis=0)
    rows = np.arange(len(values))
    spread = PumpRecords("a", records.timestamps[0] + rows * RECORD_INTERVAL, values)
    for row in rows[rows % 3 != 0]:
        spread = without_reading(spread, int(row), int(row) + 1)
    return spread


NAN, INF = np.nan, np.inf
WAYS: dict[str, Spoil] = {
    "glucose NaN, flag 0": one(bg=NAN),
    "glucose NaN, flag 0, change NaN": one(bg=NAN, delta_bg=NAN),
    "last glucose NaN, flag 0": one(LOOKBACK + 5, bg=NAN, delta_bg=NAN),
    "all glucose NaN, flags 0": everywhere("bg", NAN),
    "glucose infinite": one(bg=INF),
    "glucose minus infinite": one(bg=-INF),
    "glucose zero": one(bg=0),
    "glucose negative": one(bg=-5),
    "glucose just below its limit": one(bg=19.9),
    "glucose just above its limit": one(bg=600.5),
    "glucose huge": one(bg=3e38),
    "glucose in mmol/L": glucose(lambda mg_dl: mg_dl / 18),
    "glucose in mmol/L, high": glucose(lambda mg_dl: 20 + mg_dl / 18),
    "glucose in mmol/L, clipped": everywhere("bg", 20),
    "glucose in g/L": glucose(lambda mg_dl: mg_dl / 100),
    "glucose times ten": glucose(lambda mg_dl: mg_dl * 10),
    "one reading in mmol/L": one(bg=7.5),
    "change infinite": one(delta_bg=INF),
    "change minus infinite": one(delta_bg=-INF),
    "change infinite everywhere": everywhere("delta_bg", INF),
    "change huge": one(delta_bg=3e38),
    "change of another sign": one(delta_bg=-40),
    "change zero everywhere": everywhere("delta_bg", 0),
    "last change wrong": one(LOOKBACK + 5, delta_bg=25),
    "change looks ahead": lambda r: replace(r, values=np.column_stack([
        r.values[:, 0], np.append(np.diff(r.values[:, 0]), 0), r.values[:, 2:]]).astype(np.float32)),
    "change where nothing was measured": lambda r: changed(without_reading(r, ROW, ROW + 1), ROW, delta_bg=30),
    "basal infinite": one(basal_rate=INF),
    "basal minus infinite": one(basal_rate=-INF),
    "basal negative": one(basal_rate=-0.5),
    "basal above its limit": one(basal_rate=11),
    "basal in U a day": everywhere("basal_rate", 24),
    "bolus infinite": one(bolus_dose=INF),
    "bolus minus infinite": one(bolus_dose=-INF),
    "bolus negative": one(bolus_dose=-1),
    "bolus above its limit": one(bolus_dose=26),
    "bolus in thousandths": one(bolus_dose=4500),
    "missing flag 1, glucose there": one(bg_missing_flag=1),
    "missing flag 1 everywhere": everywhere("bg_missing_flag", 1),
    "missing flag NaN": one(bg_missing_flag=NAN),
    "missing flag infinite": one(bg_missing_flag=INF),
    "missing flag a half": one(bg_missing_flag=0.5),
    "missing flag 2": one(bg_missing_flag=2),
    "missing flag negative": one(bg_missing_flag=-1),
    "clip flag where glucose is at no limit": one(bg_clip_flag=1),
    "clip flag NaN": one(bg_clip_flag=NAN),
    "clip flag infinite": one(bg_clip_flag=INF),
    "clip flag a half": one(bg_clip_flag=0.5),
    "clip flag 2": one(bg_clip_flag=2),
    "clip flag negative": one(bg_clip_flag=-1),
    "clip flag where nothing was measured": lambda r: changed(without_reading(r, ROW, ROW + 1), ROW, bg_clip_flag=1),
    "both flags lie": one(bg_missing_flag=1, bg_clip_flag=1),
    "too many readings missing": lambda r: without_reading(r, ROW - 4, ROW + 4),
    "last readings missing": lambda r: without_reading(r, LOOKBACK + 2),
    "no reading at all": lambda r: without_reading(r, 0),
    "a time twice": moved(ROW, -300),
    "a time a minute late": moved(ROW, 60),
    "the rest a minute late": moved(ROW, 60, to_the_end=True),
    "the rest an hour back": moved(ROW, -3600, to_the_end=True),
    "two records exchanged": exchanged,
    "newest first": lambda r: replace(r, timestamps=r.timestamps[::-1], values=r.values[::-1]),
    "all at one time": times(lambda stamps: np.full_like(stamps, stamps[0])),
    "no time": times(without_time),
    "times of long ago": times(lambda stamps: stamps - (stamps[0] - np.datetime64("0001-01-01T00:00:00"))),
    "times of the far future": times(lambda stamps: stamps + (np.datetime64("20000-01-01T00:00:00") - stamps[0])),
    "times that no calendar holds": times(lambda stamps: stamps - np.timedelta64(2**61, "s")),
    "a zone that does not exist": lambda r: replace(r, wearer_zone="Mars/Olympus"),
    "a zone that is a path": lambda r: replace(r, wearer_zone="../../etc/passwd"),
    "an offset of four days": lambda r: replace(r, wearer_zone="+99:00"),
    "no text for a zone": lambda r: replace(r, wearer_zone=None),
    "values beyond float32": lambda r: replace(r, values=np.where(np.arange(8) == 2, 1e300, r.values.astype(float))),
    "times as numbers": times(lambda stamps: stamps.astype(np.int64)),
    "times as text": times(lambda stamps: stamps.astype(str)),
    "every minute": times(lambda stamps: stamps[0] + np.arange(len(stamps)) * np.timedelta64(60, "s")),
    "every 15 minutes, NaN between": every_15_minutes,
    "every 15 minutes": times(lambda stamps: stamps[0] + np.arange(len(stamps)) * np.timedelta64(900, "s")),
    "every 3 minutes": times(lambda stamps: stamps[0] + np.arange(len(stamps)) * np.timedelta64(180, "s")),
    "wall time for a model of UTC": lambda r: replace(r, wearer_zone=WALL_TIME),
    "values as text": lambda r: replace(r, values=r.values.astype(str)),
    "values complex": lambda r: replace(r, values=r.values.astype(complex)),
    "too few records": lambda r: r.rows(10, len(r)),
    "no records": lambda r: r.rows(0, 0),
}  # fmt: skip


@pytest.fixture(scope="module")
def exports(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return small_exports(tmp_path_factory.mktemp("refusals"), rules())


def test_there_are_sixty_ways() -> None:
    assert len(WAYS) >= 60


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("error")
def test_the_windowed_forecaster_refuses(exports: Path, way: str) -> None:
    with pytest.raises(BloodTwinError, match=r"\. [A-Z]"):
        Forecaster.load(exports / "model.onnx").forecast(WAYS[way](a_day()))


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.filterwarnings("error")
def test_the_stream_refuses(exports: Path, way: str) -> None:
    stream = StreamingForecaster.load(exports / "model_streaming.onnx")
    with pytest.raises(BloodTwinError, match=r"\. [A-Z]"):  # noqa: PT012
        stream.feed(WAYS[way](a_day()))
        stream.forecast()


@pytest.mark.parametrize("way", WAYS)
def test_a_stream_that_refuses_goes_on_as_if_nothing_had_come(exports: Path, way: str) -> None:
    records = a_day(2 * LOOKBACK + 12)
    following = replace(a_day(), timestamps=a_day().timestamps + LOOKBACK * RECORD_INTERVAL)
    stream = StreamingForecaster.load(exports / "model_streaming.onnx")
    stream.feed(records.rows(0, LOOKBACK))
    before = stream.forecast()
    try:
        stream.feed(WAYS[way](following))
    except BloodTwinError:
        after = stream.forecast()
        assert after.origin == before.origin
        np.testing.assert_array_equal(after.glucose, before.glucose)


@pytest.mark.parametrize("feature", ["sin_time", "cos_time"])
@pytest.mark.parametrize("value", [NAN, INF, 7.0, 0.0])
def test_the_time_of_day_is_computed_and_not_believed(exports: Path, feature: str, value: float) -> None:
    right, wrong = a_day(), everywhere(feature, value)(a_day())
    forecasts = []
    for records in (right, wrong):
        stream = StreamingForecaster.load(exports / "model_streaming.onnx")
        stream.feed(records)
        forecasts += [stream.forecast().glucose, Forecaster.load(exports / "model.onnx").forecast(records).glucose]
    np.testing.assert_array_equal(forecasts[0], forecasts[2])
    np.testing.assert_array_equal(forecasts[1], forecasts[3])


def test_changes_that_no_record_tells_are_computed(exports: Path) -> None:
    right, silent = a_day(), everywhere("delta_bg", NAN)(a_day())
    forecaster = Forecaster.load(exports / "model.onnx")
    np.testing.assert_array_equal(forecaster.forecast(silent).glucose, forecaster.forecast(right).glucose)
    streams = [StreamingForecaster.load(exports / "model_streaming.onnx") for _ in range(2)]
    for stream, records in zip(streams, (silent, right), strict=True):
        stream.feed(records)
    np.testing.assert_array_equal(streams[0].forecast().glucose, streams[1].forecast().glucose)


def test_a_wrong_change_from_what_was_fed_before_is_refused(exports: Path) -> None:
    records = a_day()
    stream = StreamingForecaster.load(exports / "model_streaming.onnx")
    stream.feed(records.rows(0, LOOKBACK))
    with pytest.raises(DataError, match=r"delta_bg at .* is 50, and glucose changed by .* have it computed"):
        stream.feed(changed(records, LOOKBACK, delta_bg=50).rows(LOOKBACK, LOOKBACK + 1))
    stream.feed(records.rows(LOOKBACK, LOOKBACK + 1))


def test_arrays_that_hide_what_they_hold_or_of_another_shape_make_no_records() -> None:
    records = a_day()
    with pytest.raises(ValueError, match="masked arrays hide"):
        replace(records, values=np.ma.masked_array(records.values, mask=records.values > 200))
    with pytest.raises(ValueError, match=r"not \[record\]"):
        replace(records, timestamps=records.timestamps[:, None])


def test_a_stream_goes_on_from_one_clock_to_no_other(tmp_path: Path) -> None:
    stream = StreamingForecaster.load(small_exports(tmp_path, rules(Clock.local)) / "model_streaming.onnx")
    records = a_day(zone="Europe/Berlin")
    stream.feed(records.rows(0, LOOKBACK))
    with pytest.raises(DataError, match=r"do not go on from each other\. Give all of them in UTC"):
        stream.feed(replace(records, wearer_zone=WALL_TIME).rows(LOOKBACK, LOOKBACK + 1))
    stream.feed(records.in_zone("Asia/Tokyo").rows(LOOKBACK, LOOKBACK + 1))  # Who travels goes on.


ODD = st.sampled_from([np.nan, np.inf, -np.inf, -1.0, 0.0, 0.5, 1.0, 2.0, 19.9, 20.0, 120.0, 600.0, 600.5, 3e38])


@given(row=st.lists(ODD, min_size=8, max_size=8))
@settings(max_examples=300, deadline=None)
def test_one_record_is_judged_like_many(row: list[float]) -> None:
    times = np.datetime64("2026-01-01T00:00:00", "s") + np.array([0, 7200], dtype="timedelta64[s]")
    alone = PumpRecords("a", times[:1], np.array([row], dtype=np.float32))
    twice = PumpRecords("a", times, np.array([row, row], dtype=np.float32))
    said = []
    for records in (alone, twice):
        try:
            taken(records)
            said.append("")
        except DataError as error:
            said.append(str(error))
    assert said[0] == said[1]


def test_unknown_insulin_and_readings_at_the_limits_are_taken(exports: Path) -> None:
    records = changed(changed(a_day(), ROW, basal_rate=NAN, bolus_dose=NAN), 3, bg=600, bg_clip_flag=1)
    records = everywhere("delta_bg", NAN)(records)
    assert np.isfinite(Forecaster.load(exports / "model.onnx").forecast(records).glucose).all()


def test_values_in_double_precision_and_other_units_of_time_are_taken(exports: Path) -> None:
    records = a_day()
    doubled = replace(
        records, timestamps=records.timestamps.astype("datetime64[ns]"), values=records.values.astype(float)
    )
    forecaster = Forecaster.load(exports / "model.onnx")
    np.testing.assert_array_equal(forecaster.forecast(doubled).glucose, forecaster.forecast(records).glucose)


def test_the_words_say_where_it_is_and_what_to_do(exports: Path) -> None:
    forecaster = Forecaster.load(exports / "model.onnx")
    with pytest.raises(DataError, match=r"pump a: bg at 2026-03-29T00:00:00 is 7.5.*20 to 600 mg/dL; 10 mmol/L are"):
        forecaster.forecast(one(bg=7.5)(a_day()))
    with pytest.raises(DataError, match=r"bg_missing_flag at 2026-03-29T00:00:00 is 0, but bg says otherwise"):
        forecaster.forecast(one(bg=NAN, delta_bg=NAN)(a_day()))
    with pytest.raises(DataError, match=r"16 of the last 24 readings were measured. A forecast needs 90 % of them"):
        forecaster.forecast(without_reading(a_day(), ROW - 4, ROW + 4))
    with pytest.raises(DataError, match=r"30 of the last 24|24 of the last 24 readings are below 35.*unit='mmol/L'"):
        forecaster.forecast(everywhere("delta_bg", NAN)(everywhere("bg", 22)(a_day())))
    with pytest.raises(SettingsError, match="'Mars/Olympus' is not a time zone"):
        forecaster.forecast(a_day(), zone="Mars/Olympus")
