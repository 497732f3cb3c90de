"""Damaged exports of every format: refused in words, or read as the undamaged export says. Nothing crashes or hangs."""

import random
import time
from pathlib import Path

import pytest

from bloodtwin_core.events.repairs import RepairKind
from tests.core.sources.device_exports.mutations import damaged, read, reader_in, silently_other
from tests.core.sources.device_exports.test_carelink import HOURS, MIDNIGHT, SENSORS, bolus, deliveries
from tests.core.sources.device_exports.test_languages import CLARITY as CLARITY_COLUMNS
from tests.core.sources.device_exports.test_languages import LIBRE as LIBRE_COLUMNS
from tests.core.sources.device_exports.test_languages import LIBRE_ROWS
from tests.core.sources.device_exports.test_paradigm import COLUMNS as PARADIGM_COLUMNS
from tests.core.sources.device_exports.test_paradigm import rate, row, suspension
from tests.core.sources.device_exports.vendor_files import (
    PUMP,
    SENSOR,
    TOTALS,
    carelink,
    clarity,
    egv,
    kept,
    libre,
    reading,
    t_connect,
    wearer,
)
from tests.core.sources.device_exports.vendor_files import bolus as t_connect_bolus

MUTATIONS = 25
"""For each format in every run of the tests. 1,000 of each were tried when the reader was made."""
LONGEST_SECONDS = 10.0
TIMES = [str(hour)[:10] + f"T{str(hour)[11:]}:00:00" for hour in HOURS[:30]]
EXPORTS = {
    "clarity": clarity([egv(time, 100 + place) for place, time in enumerate(TIMES)]),
    "clarity in Spanish": "\n".join(
        [CLARITY_COLUMNS["Spanish"]]
        + [f"2;{time};Niveles estimados de glucosa;;;;;{n + 90};" for n, time in enumerate(TIMES)]
    ),
    "libre": libre(
        [kept(f"{13 + n // 24}-11-2024 {n % 24:02}:35", 100 + n) for n in range(30)]
        + ["FreeStyle Libre 3,AAAA-1,13-11-2024 21:38,4,,,,3,,,,,12,,,"]
    ),
    "libre in 12 hours": libre([kept(f"2021-12-18 {n % 12 + 1:02}:05 {'AP'[n // 12]}M", 100 + n) for n in range(24)]),
    "libre in German": "\n".join(["Glukose,UTC", LIBRE_COLUMNS["German"], *LIBRE_ROWS, ""]),
    "t:connect": t_connect(
        [reading(time, 100 + n) for n, time in enumerate(TIMES)],
        [t_connect_bolus(f"2024-05-01T0{n}:00:00", f"2024-05-01T0{n}:05:00", n, asked=n) for n in range(5, 9)],
        [f'"Basal","2024-05-01T{n:02}:00:00","0.{n}"' for n in range(1, 9)],
    ),
    "carelink": carelink(
        {
            PUMP: sorted(
                [
                    MIDNIGHT,
                    *bolus("2024-05-01T08:00", "5,0", 7),
                    *bolus("2024-05-01T12:00", "4,5", 8),
                    {"at": "2024/05/01 06:00:00", "temp": "50", "temp_kind": "Percent", "temp_time": "1:00:00"},
                    {"at": "2024/05/01 13:00:00", "suspend": "USER_SUSPEND"},
                    {"at": "2024/05/01 14:00:00", "suspend": "NORMAL_PUMPING"},
                    {"at": "2024/05/02 00:00:00", "basal": "0,70"},
                ],
                key=lambda each: each["at"],
            ),
            SENSOR: SENSORS[:30],
        }
    ),
    "carelink in automatic mode": carelink(
        {
            PUMP: sorted(
                [
                    MIDNIGHT,
                    *deliveries("2024-05-01T09:00", 12),
                    *bolus("2024-05-01T10:20", "5,0", 7),
                    *deliveries("2024-05-01T11:30", 9),
                ],
                key=lambda each: each["at"],
            ),
            TOTALS: [
                {"at": "2024/05/03 00:00:00", "delivered": "9,5", "source": "CLOSED_LOOP_AUTO_INSULIN"}
            ],
            SENSOR: SENSORS[:30],
        }
    ),
    "paradigm": "\n".join(
        [
            PARADIGM_COLUMNS,
            *(rate(f"5/{day}/24 00:00:01", f"0.{day}") for day in (20, 21, 22)),
            row("5/20/24 06:00:00", "ChangeTempBasalPercent", "PERCENT_OF_RATE=50, DURATION=7200000"),
            row("5/20/24 08:01:00", "BolusNormal", "AMOUNT=5, CONCENTRATION=null, PROGRAMMED_AMOUNT=5"),
            row("5/20/24 09:01:00", "BolusSquare", "AMOUNT=2, PROGRAMMED_AMOUNT=3, DURATION=3600000"),
            suspension("5/21/24 03:00:00", "user_suspend"),
            suspension("5/21/24 04:00:00", "normal_pumping"),
            *(row(f"5/20/24 {n:02}:00:00", "GlucoseSensorData", f"AMOUNT={n}", f"{n + 90}") for n in range(24)),
            "",
        ]
    ),
}  # fmt: skip


def tried(name: str, folder: Path, seeds: range) -> list[tuple[int, str]]:
    """The seeds whose damage is read otherwise than the original says, or takes too long, and how."""
    found = []
    whole = read(folder, EXPORTS[name])
    assert whole is not None
    for seed in seeds:
        change = damaged(EXPORTS[name], random.Random(f"{name} {seed}"))
        started = time.monotonic()
        if other := silently_other(reader_in(folder), EXPORTS[name], whole, change):
            found.append((seed, other))
        if (took := time.monotonic() - started) > LONGEST_SECONDS:
            found.append((seed, f"took {took:.1f} s"))
    return found


@pytest.mark.parametrize("name", EXPORTS)
def test_a_damaged_export_is_refused_or_read_as_the_original_says(name: str, tmp_path: Path) -> None:
    assert tried(name, tmp_path, range(MUTATIONS)) == []


def test_rows_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    libre_rows = [kept("13-11-2024 21:35", 107), "FreeStyle Libre 3,AAAA-1,13-11-2024 21:38,4,,,1,,,,,,,,,"]
    no_amount = wearer(tmp_path / "libre", libre(libre_rows))
    assert no_amount.repairs[RepairKind.unreadable_rows] == 1
    of_no_kind = wearer(
        tmp_path / "t_connect",
        t_connect([reading("2024-03-01T12:00:00", 120), reading("2024-03-01T12:05:00", 99, "5")]),
        glucose_unit="mg/dL",
    )
    assert of_no_kind.repairs[RepairKind.unreadable_rows] == 1
