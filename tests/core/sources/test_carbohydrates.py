"""Carbohydrates from every source that knows them, where data.extra_features asks; else all is as it was."""

from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.records import CARBOHYDRATES, FEATURES, RECORDS_PER_DAY, Feature, Split
from bloodtwin_core.records.split_files import read_split_file
from bloodtwin_core.sources.azt1d.importer import histories as azt1d_histories
from bloodtwin_core.sources.device_exports import VendorSettings
from bloodtwin_core.sources.device_exports import importer as device_exports
from bloodtwin_core.sources.events import importer as events
from bloodtwin_core.sources.nightscout import importer as nightscout
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.simulator import SimulatorSettings
from bloodtwin_core.sources.simulator import histories as simulated
from bloodtwin_core.sources.splits import pump_split_files
from tests.core.sources.azt1d.test_importer import HEADER, hours_of_rows
from tests.core.sources.device_exports.vendor_files import T_CONNECT_BOLUSES, bolus, reading, t_connect
from tests.core.sources.nightscout.test_nightscout import NOON, entry, later, synced, treatment
from tests.core.sources.nightscout.test_nightscout import settings as site_settings
from tests.core.sources.servers.nightscout import TOKEN, NightscoutServer

ASKED = ["carbohydrates"]
NINE = (*FEATURES, CARBOHYDRATES)


def announced(pump: PumpEvents, start: np.datetime64) -> list[tuple[float, float]]:
    """Minutes since start, and grams."""
    told = pump.extra[CARBOHYDRATES]
    minutes = (told.times - start) / np.timedelta64(1, "m")
    return list(zip(minutes.tolist(), told.amount.tolist(), strict=True))


def test_virtual_wearers_announce_what_they_count_for_a_bolus() -> None:
    settings = data_settings(simulator=SimulatorSettings(pumps=1, days=20, seed=3), extra_features=ASKED)
    (history,) = simulated(settings)
    grams, dose = history.feature(CARBOHYDRATES), history.feature(Feature.bolus_dose)
    assert np.isfinite(grams).all(), "the simulator knows when nothing was announced"
    assert 60 < grams.sum() / (len(history) / RECORDS_PER_DAY) < 350
    assert (dose[grams > 20] > 0).mean() > 0.95, "they stand with the bolus for them"
    np.testing.assert_array_equal(next(simulated(settings)).values, history.values)


def test_of_the_simulator_split_files_hold_them_last(tmp_path: Path) -> None:
    made = {}
    for asked in ([], ASKED):
        settings = data_settings(simulator=SimulatorSettings(pumps=1, days=5), extra_features=asked)
        (pump,) = pump_split_files(settings, tmp_path / f"{len(asked)}" / "pump_splits")
        made[len(asked)] = read_split_file(pump.files[Split.train], NINE).records
    np.testing.assert_array_equal(made[0].values[:, :8], made[1].values[:, :8])
    assert np.isnan(made[0].feature(CARBOHYDRATES)).all()
    assert made[1].feature(CARBOHYDRATES).sum() > 0


def azt1d(folder: Path, rows: list[str], header: str = HEADER) -> DataSettings:
    person = folder / "CGM Records" / "Subject 1"
    person.mkdir(parents=True)
    (person / "Subject 1.csv").write_text("\n".join([header, *rows, ""]))
    return data_settings(source="azt1d", root=str(folder), extra_features=ASKED)


def with_meal(line: str, grams: object, dose: object) -> str:
    cells = line.split(",")
    cells[5], cells[7] = str(dose), str(grams)
    return ",".join(cells)


def test_azt1d_has_them_with_the_boluses_that_were_delivered(tmp_path: Path) -> None:
    rows = hours_of_rows([0.5] * 30)
    rows[20], rows[22], rows[30] = (with_meal(rows[20], 45, 4), with_meal(rows[22], 0, 1), with_meal(rows[30], 60, ""))
    rows.insert(21, rows[20])
    (history,) = azt1d_histories(azt1d(tmp_path, rows))
    grams = history.records.feature(CARBOHYDRATES)
    place = 20 - 12  # Records begin when basal is known, an hour on.
    assert np.isnan(grams[:place]).all()
    assert grams[place : place + 12].tolist() == [45.0] + [0.0] * 11, "once, though the row stands twice"
    assert np.isfinite(grams[place : place + 25 * 12 + 1]).all()
    assert np.isnan(grams[place + 25 * 12 + 1 :]).all(), "unknown after 25 hours without an announcement"


def test_azt1d_without_the_column_or_with_zeros_alone_knows_none(tmp_path: Path) -> None:
    rows = [",".join(line.split(",")[i] for i in (0, 3, 5, 8)) for line in hours_of_rows([0.5, 0.6])]
    lacking = azt1d(tmp_path / "a", rows, "EventDateTime,Basal,TotalBolusInsulinDelivered,CGM")
    zeros = azt1d(tmp_path / "b", [with_meal(line, 0, 1) for line in hours_of_rows([0.5, 0.6])])
    for settings in (lacking, zeros):
        (history,) = azt1d_histories(settings)
        assert np.isnan(history.records.feature(CARBOHYDRATES)).all()


def test_azt1d_refuses_grams_that_cannot_be_where_it_is_asked_for_them(tmp_path: Path) -> None:
    rows = hours_of_rows([0.5, 0.6])
    settings = azt1d(tmp_path, [with_meal(rows[0], -5, 1), *rows[1:]])
    with pytest.raises(DataError, match="line 2, column CarbSize: -5 is not an amount of carbohydrates in g"):
        list(azt1d_histories(settings))
    (plain,) = azt1d_histories(settings.model_copy(update={"extra_features": []}))
    assert plain.records.features == FEATURES


@pytest.fixture
def _may_read(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("TOKEN_FILE", "API_SECRET", "API_SECRET_FILE"):
        monkeypatch.delenv(f"BLOODTWIN_NIGHTSCOUT_{name}", raising=False)
    monkeypatch.setenv("BLOODTWIN_NIGHTSCOUT_TOKEN", TOKEN)


@pytest.mark.usefixtures("_may_read")
def test_a_nightscout_site_has_them_with_and_without_a_bolus(tmp_path: Path) -> None:
    with NightscoutServer() as server:
        server.treatments = [
            treatment(NOON, "Meal Bolus", insulin=4.0, carbs=40),
            treatment(later(20), "Carb Correction", carbs="15"),
            treatment(later(30), "Combo Bolus", insulin=1.5, relative=2.0, duration=90, carbs=60),
            treatment(later(40), "Snack Bolus", insulin=1.0, carbs=10, isValid=False),
            treatment(later(50), "Meal Bolus", insulin=2.0, carbs="plenty"),
            treatment(later(60), "Meal Bolus", insulin=2.0, carbs=None),
        ]
        server.entries = [entry(later(60 * hour), 120) for hour in range(-12, 12)]
        chosen = site_settings(server, tmp_path, "2024-04-20")
        assert synced(chosen).new == 5 + 1 + 24, "a valid document has its row, a combo bolus a second one"
    (asked,) = nightscout.events(chosen.model_copy(update={"extra_features": ASKED}))
    (plain,) = nightscout.events(chosen)
    assert announced(asked, NOON) == [(0, 40), (20, 15), (30, 60)]
    assert asked.bolus.dose.tolist() == plain.bolus.dose.tolist() == [4.0, 1.5, 3.0, 2.0, 2.0]
    assert not plain.extra
    assert plain.repairs[RepairKind.unreadable_rows] == 0
    assert asked.repairs[RepairKind.unreadable_rows] == 1, "grams that are no number"


@pytest.mark.usefixtures("_may_read")
def test_a_changed_document_takes_its_old_carbohydrates_along(tmp_path: Path) -> None:
    with NightscoutServer() as server:
        server.entries = [entry(NOON, 120)]
        chosen = site_settings(server, tmp_path, "2024-04-20").model_copy(update={"extra_features": ASKED})
        for grams in (40, 25, 0):
            server.treatments = [treatment(NOON, "Carb Correction", carbs=grams)]
            synced(chosen)
            (pump,) = nightscout.events(chosen)
            assert announced(pump, NOON) == ([(0, grams)] if grams else [])


def test_t_connect_has_them_with_the_boluses_that_were_delivered(tmp_path: Path) -> None:
    noon = np.datetime64("2024-03-01T12:00:00")
    lines = [
        bolus("2024-03-01T12:00:00", "2024-03-01T12:05:00", 13.5, asked=13.5) + '"75"',
        bolus("2024-03-01T13:00:00", "2024-03-01T13:01:00", 0, asked=2) + '"30"',
        bolus("2024-03-01T14:00:00", "2024-03-01T14:01:00", 2, asked=2) + '"0"',
        bolus("", "2024-03-01T15:00:00", 2, asked=2) + '"20"',
    ]
    text = t_connect([reading("2024-03-01T12:00:00", 120)], lines)
    text = text.replace(T_CONNECT_BOLUSES, f"{T_CONNECT_BOLUSES},CarbSize")
    (tmp_path / "export.csv").write_text(text)
    vendor = VendorSettings(time_zone="UTC", glucose_unit="mg/dL")
    chosen = data_settings(source="vendor", root=str(tmp_path), vendor=vendor)
    (asked,) = device_exports.events(chosen.model_copy(update={"extra_features": ASKED}))
    (plain,) = device_exports.events(chosen)
    assert announced(asked, noon) == [(0, 75), (180, 20)]
    assert not plain.extra
    assert plain.bolus.dose.tolist() == asked.bolus.dose.tolist()


def files(root: Path, *carbs: str) -> DataSettings:
    pump = root / "pump_881235"
    pump.mkdir(parents=True)
    (pump / "cgmreading_1.csv").write_text("timestamp,bg,event_type\n2024-03-01T00:00:00Z,120,EGV\n")
    (pump / "carbs_1.csv").write_text("\n".join(["timestamp,carbs_g,event_type", *carbs, ""]))
    return data_settings(source="events", root=str(root), extra_features=ASKED)


def test_a_fourth_kind_of_file_holds_them(tmp_path: Path) -> None:
    chosen = files(tmp_path, "2024-03-01T02:30:00+01:00,12.5,meal", "2024-03-01T01:00:00Z,0,none")
    (pump,) = events.events(chosen)
    assert announced(pump, np.datetime64("2024-03-01T00:00:00")) == [(60, 0), (90, 12.5)]
    (plain,) = events.events(chosen.model_copy(update={"extra_features": []}))
    assert not plain.extra


@pytest.mark.parametrize(
    ("row", "said"),
    [
        ("2024-03-01T02:30:00Z,,meal", "line 2, column carbs_g: the announcement has no amount"),
        ("2024-03-01T02:30:00Z,1200,meal", "line 2, column carbs_g: 1200 is not an amount of carbohydrates in g"),
        ("2024-03-01T02:30:00Z,-1,meal", "line 2, column carbs_g: -1 is not an amount"),
        ("2024-03-01T02:30:00Z,12,5", "line 2, column carbs_g: '12,5' has a decimal comma"),
        ("2014-03-01T02:30:00Z,12,meal", "line 2, column timestamp: '2014-03-01T02:30:00Z' is before 2020"),
    ],
)
def test_a_row_that_cannot_be_is_refused_where_it_is_asked_for(tmp_path: Path, row: str, said: str) -> None:
    chosen = files(tmp_path, row)
    with pytest.raises(DataError, match=said):
        list(events.events(chosen))
    assert len(list(events.events(chosen.model_copy(update={"extra_features": []})))) == 1


def test_of_a_source_that_knows_none_the_column_is_empty(tmp_path: Path) -> None:
    times = (np.datetime64("2024-03-01T00:00:00") + np.arange(400) * np.timedelta64(300, "s")).astype(str)
    pump = tmp_path / "events" / "pump_1"
    pump.mkdir(parents=True)
    rows = [f"{time}Z,{100 + place % 50}," for place, time in enumerate(times)]
    (pump / "cgmreading_1.csv").write_text("\n".join(["timestamp,bg,event_type", *rows, ""]))
    settings = data_settings(source="events", root=str(pump.parent), extra_features=ASKED)
    (written,) = pump_split_files(settings, tmp_path / "pump_splits")
    assert np.isnan(read_split_file(written.files[Split.train], NINE).records.feature(CARBOHYDRATES)).all()
