"""Two days of one wearer as each app exports them: readings every five minutes, and basal where the app keeps it."""

import json
from collections.abc import Callable
from datetime import datetime, timedelta
from pathlib import Path

COUNT = 600
TIMES = [datetime(2024, 3, 1) + timedelta(minutes=5 * n) for n in range(COUNT)]
GLUCOSE = [120 + n % 7 for n in range(COUNT)]


def _wearer(root: Path) -> Path:
    folder = root / "881235"
    folder.mkdir(parents=True)
    return folder


def write_tidepool(root: Path) -> None:
    readings = [
        {"type": "cbg", "time": f"{time:%Y-%m-%dT%H:%M:%S}.000Z", "value": value, "units": "mg/dL", "deviceId": "cgm"}
        for time, value in zip(TIMES, GLUCOSE, strict=True)
    ]
    basal = {
        "type": "basal",
        "deliveryType": "scheduled",
        "time": f"{TIMES[0]:%Y-%m-%dT%H:%M:%S}.000Z",
        "duration": COUNT * 300_000,
        "rate": 0.8,
        "deviceId": "pump",
    }
    (_wearer(root) / "tidepool.json").write_text(json.dumps([*readings, basal]), encoding="utf-8")


def write_nightscout_dump(root: Path) -> None:
    folder = _wearer(root)
    entries = [
        {"_id": f"{n}", "type": "sgv", "sgv": value, "date": int((time - datetime(1970, 1, 1)).total_seconds() * 1000)}
        for n, (time, value) in enumerate(zip(TIMES, GLUCOSE, strict=True))
    ]
    basal = {
        "_id": "basal",
        "eventType": "Temp Basal",
        "created_at": f"{TIMES[0]:%Y-%m-%dT%H:%M:%S}.000Z",
        "absolute": 0.8,
        "duration": COUNT * 5,
    }
    (folder / "entries.json").write_text(json.dumps(entries), encoding="utf-8")
    (folder / "treatments.json").write_text(json.dumps([basal]), encoding="utf-8")


def write_ohio_t1dm(root: Path) -> None:
    root.mkdir(parents=True)
    moved = [f"{time.replace(year=2027):%d-%m-%Y %H:%M:%S}" for time in TIMES]
    glucose = "".join(f'<event ts="{at}" value="{value}"/>' for at, value in zip(moved, GLUCOSE, strict=True))
    sections = f'<glucose_level>{glucose}</glucose_level><basal><event ts="{moved[0]}" value="0.8"/></basal>'
    text = f'<patient id="559" weight="99" insulin_type="Novalog">{sections}</patient>'
    (root / "559-ws-training.xml").write_text(text, encoding="utf-8")


def write_apple_health(root: Path) -> None:
    def record(kind: str, start: datetime, end: datetime, value: float, unit: str, inside: str = "") -> str:
        dates = f'startDate="{start:%Y-%m-%d %H:%M:%S} +0000" endDate="{end:%Y-%m-%d %H:%M:%S} +0000"'
        told = f'type="HKQuantityTypeIdentifier{kind}" sourceName="Loop" unit="{unit}" value="{value}" {dates}'
        return f"<Record {told}>{inside}</Record>"

    reason = '<MetadataEntry key="HKInsulinDeliveryReason" value="1"/>'
    readings = [record("BloodGlucose", time, time, value, "mg/dL") for time, value in zip(TIMES, GLUCOSE, strict=True)]
    end = TIMES[-1] + timedelta(minutes=5)
    hours = (end - TIMES[0]).total_seconds() / 3600
    basal = record("InsulinDelivery", TIMES[0], end, round(0.8 * hours, 3), "IU", reason)
    text = f'<?xml version="1.0" encoding="UTF-8"?><HealthData>{"".join(readings)}{basal}</HealthData>'
    (_wearer(root) / "export.xml").write_text(text, encoding="utf-8")


def write_glooko(root: Path) -> None:
    folder = _wearer(root)
    name = "Name:Test Wearer,Date Range:2024-03-01 - 2024-03-03"
    cgm = "Timestamp,CGM Glucose Value (mg/dl),Serial Number"
    basal = "Timestamp,Insulin Type,Duration (minutes),Percentage (%),Rate,Insulin Delivered (U),Serial Number"
    readings = [f"{time:%Y-%m-%d %H:%M},{value}.0,S1" for time, value in zip(TIMES, GLUCOSE, strict=True)]
    rows = [f"{time:%Y-%m-%d %H:%M},Scheduled,720,,0.8,,P1" for time in TIMES[::144]]
    (folder / "cgm_data_1.csv").write_text("\n".join([name, cgm, *readings, ""]), encoding="utf-8")
    (folder / "basal_data_1.csv").write_text("\n".join([name, basal, *rows, ""]), encoding="utf-8")


def write_xdrip(root: Path) -> None:
    rows = [f"{time:%d.%m.%Y;%H:%M};{value};;;;" for time, value in zip(TIMES, GLUCOSE, strict=True)]
    text = "\n".join(["DAY;TIME;UDT_CGMS;BG_LEVEL;CH_GR;BOLUS;REMARK", *rows, ""])
    (_wearer(root) / "export20240303-120000.csv").write_text(text, encoding="utf-8")


WRITERS: dict[str, Callable[[Path], None]] = {
    "apple_health": write_apple_health,
    "glooko": write_glooko,
    "nightscout_dump": write_nightscout_dump,
    "ohio_t1dm": write_ohio_t1dm,
    "tidepool": write_tidepool,
    "xdrip": write_xdrip,
}
