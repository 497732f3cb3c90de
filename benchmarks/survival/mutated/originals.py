"""Half a day of one wearer as each app exports it, an entry a line, each number another one."""

import json
import sqlite3
import zipfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from io import BytesIO
from pathlib import Path
from types import MappingProxyType
from typing import Any

BEGIN = datetime(2024, 5, 14)
READINGS = [(BEGIN + timedelta(minutes=5 * n), 101 + n) for n in range(144)]
BOLUSES = [(BEGIN + timedelta(hours=2 + 3 * n, minutes=2), 1.15 + 1.2 * n) for n in range(3)]
RATES = [(BEGIN + timedelta(hours=3 * n), round(0.45 + 0.1 * n, 2)) for n in range(4)]
_ISO, _MS = "%Y-%m-%dT%H:%M:%S", 1000
_EPOCH = datetime(1970, 1, 1)


@dataclass(frozen=True)
class Original:
    """An export: its source and that source's settings, its files by name, and which of them are mutated.

    packed: whether the files stand in a zip file beside, which is cut and damaged as a whole too.
    """

    source: str
    files: Mapping[str, str]
    mutated: tuple[str, ...]
    own: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    packed: bool = False

    def write(self, folder: Path) -> None:
        """Write the files of one wearer."""
        for name, text in self.files.items():
            (folder / name).write_text(text, encoding="utf-8", newline="")


_ZONE = MappingProxyType({"time_zone": "UTC"})


def _table(header: str, *rows: str) -> str:
    return "\n".join([header, *rows, ""])


def clarity() -> Original:
    """Dexcom Clarity: readings, and insulin as it was typed in."""
    rows = [f"9,{time:{_ISO}},EGV,,,,android G6,{value},,,,,4237574,8AAAAA" for time, value in READINGS]
    header = (
        "Index,Timestamp (YYYY-MM-DDThh:mm:ss),Event Type,Event Subtype,Patient Info,Device Info,Source Device ID,"
        "Glucose Value (mg/dL),Insulin Value (u),Carb Value (grams),Duration (hh:mm:ss),"
        "Glucose Rate of Change (mg/dL/min),Transmitter Time (Long Integer),Transmitter ID"
    )
    given = [f"9,{time:{_ISO}},Insulin,Fast-Acting,,,android G6,,{dose:g},,,,," for time, dose in BOLUSES]
    return Original("vendor", {"clarity.csv": _table(header, *rows, *given)}, ("clarity.csv",), _ZONE)


def libre() -> Original:
    """LibreView."""
    header = (
        "Device,Serial Number,Device Timestamp,Record Type,Historic Glucose mg/dL,Scan Glucose mg/dL,"
        "Non-numeric Rapid-Acting Insulin,Rapid-Acting Insulin (units),Non-numeric Food,Carbohydrates (grams),"
        "Carbohydrates (servings),Non-numeric Long-Acting Insulin,Long-Acting Insulin (units),Notes,"
        "Strip Glucose mg/dL,Ketone mmol/L"
    )
    rows = [f"FreeStyle Libre 3,AAAA-1,{time:%d-%m-%Y %H:%M},0,{value},,,,,,,,,,," for time, value in READINGS]
    given = [f"FreeStyle Libre 3,AAAA-1,{time:%d-%m-%Y %H:%M},4,,,,{dose:g},,,,,,,," for time, dose in BOLUSES]
    return Original("vendor", {"libre.csv": _table(f"Glucose Data\n{header}", *rows, *given)}, ("libre.csv",), _ZONE)


def t_connect() -> Original:
    """Tandem t:connect."""
    about = "Tandem Diabetes Care Inc.\nt:connect Therapy Timeline Data Export\n"
    readings = [f'"t:slim X2 Insulin Pump","1","EGV","{time:{_ISO}}","{value}",' for time, value in READINGS]
    rates = [f'"Basal","{time:{_ISO}}","{rate}"' for time, rate in RATES]
    header = (
        "Type,Description,BG,IOB,CompletionDateTime,InsulinDelivered,CompletionStatusDesc,BolexStartDateTime,"
        "BolexCompletionDateTime,BolexInsulinDelivered,EventDateTime,RequestDateTime,StandardPercent,Duration,"
        "ActualTotalBolusRequested,IsQuickBolus,Note"
    )
    given = [
        f'"Bolus","Standard","","","{time:{_ISO}}","{dose:g}","Completed",,,,"{time:{_ISO}}","{time:{_ISO}}","100","0",'
        f'"{dose:g}","0","",'
        for time, dose in BOLUSES
    ]
    text = "\n".join(
        [
            about,
            _table("DeviceType,SerialNumber,Description,EventDateTime,Readings (CGM / BGM)", *readings),
            _table("Type,EventDateTime,BasalRate", *rates),
            _table(header, *given),
        ]
    )
    return Original("vendor", {"t.csv": text}, ("t.csv",), {**_ZONE, "glucose_unit": "mg/dL"})


def carelink() -> Original:
    """Medtronic CareLink, newest first."""
    names = [
        "Index",
        "Date",
        "Time",
        "New Device Time",
        "BG Reading (mg/dL)",
        "Basal Rate (U/h)",
        "Temp Basal Amount",
        "Temp Basal Type",
        "Temp Basal Duration (h:mm:ss)",
        "Bolus Type",
        "Bolus Volume Selected (U)",
        "Bolus Volume Delivered (U)",
        "Bolus Duration (h:mm:ss)",
        "Alarm",
        "Suspend",
        "Sensor Glucose (mg/dL)",
        "Bolus Number",
        "Bolus Source",
    ]

    def row(time: datetime, number: int, **cells: str) -> str:
        told = {"Index": f"{number}", "Date": f"{time:%Y/%m/%d}", "Time": f"{time:%H:%M:%S}", **cells}
        return ";".join(told.get(name, "") for name in names)

    rates = [(time, {"Basal Rate (U/h)": f"{rate}".replace(".", ",")}) for time, rate in RATES]
    given = []
    for number, (time, dose) in enumerate(BOLUSES):
        amount = f"{dose:g}".replace(".", ",")
        cells = {"Bolus Type": "Normal", "Bolus Volume Selected (U)": amount, "Bolus Number": f"{number + 7}"}
        done = {**cells, "Bolus Volume Delivered (U)": amount}
        given += [(time, cells), (time + timedelta(seconds=40), done)]
    sections = {"Pump": sorted(rates + given, key=lambda each: each[0])}
    sections["Sensor"] = [(time, {"Sensor Glucose (mg/dL)": f"{value}"}) for time, value in READINGS]
    lines, number = ["Last Name;First Name;Device;MiniMed 780G", '"L";"A"', ""], 0
    for section, told in sections.items():
        lines += [f"-------;MiniMed 780G;{section};NG1;-------", ";".join(names)]
        for time, cells in reversed(told):
            lines.append(row(time, number, **cells))
            number += 1
    return Original("vendor", {"carelink.csv": "\n".join([*lines, ""])}, ("carelink.csv",), _ZONE)


def paradigm() -> Original:
    """CareLink of Paradigm pumps."""
    header = (
        "Index,Date,Time,Timestamp,New Device Time,BG Reading (mg/dL),Temp Basal Amount (U/h),Bolus Type,"
        "Bolus Volume Delivered (U),Suspend,Sensor Glucose (mg/dL),Daily Insulin Total (U),Raw-Type,Raw-Values,"
        "Raw-Seq Num,Raw-Device Type"
    )

    def row(time: datetime, kind: str, values: str, glucose: object = "") -> str:
        day, clock = f"{time.month}/{time.day}/{time:%y}", f"{time:%H:%M:%S}"
        return f'1,{day},{clock},{day} {clock},,,,,,,{glucose},,{kind},"{values}",1,Paradigm 523'

    told = [(time, row(time, "GlucoseSensorData", "AMOUNT=1", value)) for time, value in READINGS]
    told += [(time, row(time, "BasalProfileStart", f"PROFILE_INDEX=0, RATE={rate}")) for time, rate in RATES]
    told += [(time, row(time, "BolusNormal", f"AMOUNT={dose:g}, PROGRAMMED_AMOUNT={dose:g}")) for time, dose in BOLUSES]
    rows = [line for _, line in sorted(told, key=lambda each: each[0])]
    return Original("vendor", {"p.csv": _table(header, *rows)}, ("p.csv",), _ZONE)


def glooko() -> Original:
    """Glooko: a table a file."""
    name = "Name:A B,Date Range:2024-05-14 - 2024-05-14"
    form = "%Y-%m-%d %H:%M"
    basal = "Timestamp,Insulin Type,Duration (minutes),Percentage (%),Rate,Insulin Delivered (U),Serial Number"
    bolus = (
        "Timestamp,Insulin Type,Blood Glucose Input (mg/dl),Carbs Input (g),Carbs Ratio,Insulin Delivered (U),"
        "Initial Delivery (U),Extended Delivery (U),Serial Number"
    )
    files = {
        "cgm_data_1.csv": _table(
            f"{name}\nTimestamp,CGM Glucose Value (mg/dl),Serial Number",
            *(f"{time:{form}},{value}.0,S1" for time, value in READINGS),
        ),
        "basal_data_1.csv": _table(
            f"{name}\n{basal}",
            *(f"{time:{form}},Scheduled,180,,{rate},,P1" for time, rate in RATES),
        ),
        "bolus_data_1.csv": _table(
            f"{name}\n{bolus}", *(f"{time:{form}},Normal,,,,{dose:g},,,P1" for time, dose in BOLUSES)
        ),
    }
    return Original("glooko", files, ("cgm_data_1.csv", "bolus_data_1.csv", "basal_data_1.csv"), _ZONE, packed=True)


def xdrip() -> Original:
    """xDrip+'s CSV."""
    told = [(time, f"{time:%d.%m.%Y;%H:%M};{value};;;;") for time, value in READINGS]
    given = [f"{time:%d.%m.%Y;%H:%M};;;;{dose:g};" for time, dose in BOLUSES]
    text = _table("DAY;TIME;UDT_CGMS;BG_LEVEL;CH_GR;BOLUS;REMARK", *(line for _, line in told), *given)
    return Original("xdrip", {"export1.csv": text}, ("export1.csv",), _ZONE, packed=True)


def tidepool() -> Original:
    """Tidepool's JSON."""
    data: list[dict[str, Any]] = [
        {"type": "cbg", "time": f"{time:{_ISO}}Z", "value": value, "units": "mg/dL", "deviceId": "cgm"}
        for time, value in READINGS
    ]
    data += [
        {"type": "basal", "deliveryType": "scheduled", "time": f"{time:{_ISO}}Z", "duration": 10_800_000, "rate": rate}
        | {"deviceId": "pump"}
        for time, rate in RATES
    ]
    data += [
        {"type": "bolus", "time": f"{time:{_ISO}}Z", "normal": round(dose, 2), "deviceId": "pump"}
        for time, dose in BOLUSES
    ]
    return Original("tidepool", {"t.json": _documents(data)}, ("t.json",))


def nightscout_dump() -> Original:
    """A Nightscout site's collections."""
    entries = [
        {"_id": f"e{n}", "type": "sgv", "dateString": f"{time:{_ISO}}Z", "sgv": value}
        for n, (time, value) in enumerate(READINGS)
    ]
    treatments: list[dict[str, Any]] = [
        {"_id": f"b{n}", "eventType": "Temp Basal", "created_at": f"{time:{_ISO}}Z", "absolute": rate, "duration": 180}
        for n, (time, rate) in enumerate(RATES)
    ]
    treatments += [
        {"_id": f"t{n}", "eventType": "Correction Bolus", "created_at": f"{time:{_ISO}}Z", "insulin": round(dose, 2)}
        for n, (time, dose) in enumerate(BOLUSES)
    ]
    files = {"entries.json": _documents(entries), "treatments.json": _documents(treatments)}
    return Original("nightscout_dump", files, tuple(files))


def _documents(documents: list[dict[str, Any]]) -> str:
    lines = ",\n".join(json.dumps(document) for document in documents)
    return f"[\n{lines}\n]\n"


def apple_health() -> Original:
    """An export of Apple Health; its basal is an amount of an hour each."""

    def record(kind: str, time: datetime, minutes: int, value: object, unit: str, inside: str = "") -> str:
        end = time + timedelta(minutes=minutes)
        dates = f'startDate="{time:%Y-%m-%d %H:%M:%S} +0000" endDate="{end:%Y-%m-%d %H:%M:%S} +0000"'
        told = f'type="HKQuantityTypeIdentifier{kind}" sourceName="Loop" unit="{unit}" value="{value}" {dates}'
        return f"<Record {told}>{inside}</Record>"

    def insulin(time: datetime, minutes: int, value: object, reason: int) -> str:
        inside = f'<MetadataEntry key="HKInsulinDeliveryReason" value="{reason}"/>'
        return record("InsulinDelivery", time, minutes, value, "IU", inside)

    lines = [record("BloodGlucose", time, 0, value, "mg/dL") for time, value in READINGS]
    lines += [insulin(time, 60, rate, 1) for time, rate in RATES]
    lines += [insulin(time, 0, f"{dose:g}", 2) for time, dose in BOLUSES]
    text = "\n".join(['<?xml version="1.0" encoding="UTF-8"?>', "<HealthData>", *lines, "</HealthData>", ""])
    return Original("apple_health", {"export.xml": text}, ("export.xml",), packed=True)


def ohio_t1dm() -> Original:
    """OhioT1DM."""
    form = "%d-%m-%Y %H:%M:%S"
    lines = ['<patient id="559" weight="99" insulin_type="Novalog">', "<glucose_level>"]
    lines += [f'<event ts="{time:{form}}" value="{value}"/>' for time, value in READINGS]
    lines += ["</glucose_level>", "<basal>", *(f'<event ts="{time:{form}}" value="{rate}"/>' for time, rate in RATES)]
    lines += ["</basal>", "<bolus>"]
    for time, dose in BOLUSES:
        at = f"{time:{form}}"
        lines.append(f'<event ts_begin="{at}" ts_end="{at}" type="normal" dose="{dose:g}" bwz_carb_input="0"/>')
    text = "\n".join([*lines, "</bolus>", "</patient>", ""])
    return Original("ohio_t1dm", {"559-ws-training.xml": text}, ("559-ws-training.xml",))


ORIGINALS: Mapping[str, Callable[[], Original]] = MappingProxyType(
    {
        "Clarity": clarity,
        "LibreView": libre,
        "t:connect": t_connect,
        "CareLink": carelink,
        "CareLink of Paradigm pumps": paradigm,
        "Glooko": glooko,
        "xDrip+": xdrip,
        "Tidepool": tidepool,
        "Nightscout's collections": nightscout_dump,
        "Apple Health": apple_health,
        "OhioT1DM": ohio_t1dm,
    }
)


def zipped(files: Mapping[str, str]) -> bytes:
    """Files as one zip file."""
    packed = BytesIO()
    with zipfile.ZipFile(packed, "w", zipfile.ZIP_DEFLATED) as made:
        for name, text in files.items():
            made.writestr(name, text)
    return packed.getvalue()


def xdrip_database(path: Path) -> None:
    """The database of xDrip+ with the same readings and boluses."""
    made = sqlite3.connect(path)
    made.execute("CREATE TABLE BgReadings (_id INTEGER PRIMARY KEY, timestamp INTEGER, calculated_value REAL)")
    made.execute(
        "CREATE TABLE Treatments (_id INTEGER PRIMARY KEY, timestamp INTEGER, eventType TEXT, uuid TEXT, "
        "carbs REAL, insulin REAL, notes TEXT, enteredBy TEXT, insulinJSON TEXT)"
    )
    made.executemany(
        "INSERT INTO BgReadings (timestamp, calculated_value) VALUES (?, ?)",
        [(int((time - _EPOCH).total_seconds()) * _MS, value) for time, value in READINGS],
    )
    made.executemany(
        "INSERT INTO Treatments (timestamp, uuid, insulin) VALUES (?, ?, ?)",
        [
            (int((time - _EPOCH).total_seconds()) * _MS, f"u{n}", round(dose, 2))
            for n, (time, dose) in enumerate(BOLUSES)
        ],
    )
    made.commit()
    made.close()
