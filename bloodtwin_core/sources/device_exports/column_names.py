"""The column names that vendors' sites write in other languages than English, and what they are in English.

Known from public code that reads such exports, and from files: German (creepymonster/GlucoseDirect, the reading scripts
of the study DIA-HACK, and CareLink's in the R scripts of sugr), Spanish (javierpa95/cgmpy, the HUPA-UCM Diabetes
Dataset), French, Italian, Dutch and Swedish (header lines in public reading scripts and converters), Dutch CareLink
(molgenis/molgenis-app-autobetes, tidepool-org/uploader issue 124). {unit} stands for mg/dL or mmol/L, in brackets or
not.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

LIBRE_TIME, CLARITY_TIME, CARELINK_TYPE = "Device Timestamp", "Timestamp (YYYY-MM-DDThh:mm:ss)", "Raw-Type"
CARELINK_VALUES = "Raw-Values"
CARELINK_TYPES = frozenset(
    (
        "BasalProfileStart",
        "BolusNormal",
        "BolusSquare",
        "ChangeTempBasal",
        "ChangeTempBasalPercent",
        "GlucoseSensorData",
        "ResultDailyTotal",
    )
)
"""Words in the column Raw-Type that are the same in every language."""
_LIBRE_HISTORIC, _CLARITY_GLUCOSE = "Historic Glucose {unit}", "Glucose Value ({unit})"
LAYOUTS: Mapping[str, Sequence[str]] = {
    _LIBRE_HISTORIC: (
        "Device",
        "Serial Number",
        LIBRE_TIME,
        "Record Type",
        _LIBRE_HISTORIC,
        "Scan Glucose {unit}",
        "Non-numeric Rapid-Acting Insulin",
        "Rapid-Acting Insulin (units)",
    ),
    _CLARITY_GLUCOSE: (
        "Index",
        CLARITY_TIME,
        "Event Type",
        "Event Subtype",
        "Patient Info",
        "Device Info",
        "Source Device ID",
        _CLARITY_GLUCOSE,
        "Insulin Value (u)",
    ),
}
"""By the column of readings, the order of the first columns, which is the same in every language."""


@dataclass(frozen=True)
class Language:
    """A language: column names by format in lower case, and what words in cells are in English."""

    name: str
    libre: Mapping[str, str] = field(default_factory=dict)
    clarity: Mapping[str, str] = field(default_factory=dict)
    carelink: Mapping[str, str] = field(default_factory=dict)
    words: Mapping[str, str] = field(default_factory=dict)


def _libre(device: str, serial: str, time: str, kind: str, historic: str, scan: str, rapid: str) -> dict[str, str]:
    """Names of LibreView's columns; several of one column with | between them."""
    columns = {
        device: "Device",
        serial: "Serial Number",
        time: LIBRE_TIME,
        kind: "Record Type",
        historic: _LIBRE_HISTORIC,
        scan: "Scan Glucose {unit}",
        rapid: "Rapid-Acting Insulin (units)",
    }
    return {name: english for names, english in columns.items() for name in names.split("|") if name}


LANGUAGES = (
    Language(
        "German",
        libre=_libre(
            "gerät",
            "seriennummer",
            "gerätezeitstempel",
            "aufzeichnungstyp",
            "glukosewert-verlauf {unit}",
            "glukose-scan {unit}",
            "schnellwirkendes insulin (einheiten)",
        ),
        clarity={
            "zeitstempel (jjjj-mm-ttthh:mm:ss)": CLARITY_TIME,
            "ereignistyp": "Event Type",
            "ereignisart": "Event Type",
            "ereignisuntertyp": "Event Subtype",
            "insulinwert (ie)": "Insulin Value (u)",
            "glukosewert {unit}": _CLARITY_GLUCOSE,
        },
        carelink={"datum": "Date", "zeit": "Time", "sensorglukose {unit}": "Sensor Glucose ({unit})"},
        words={"EGW": "EGV", "Niedrig": "Low", "Hoch": "High"},
    ),
    Language(
        "French",
        libre=_libre(
            "appareil",
            "numéro de série",
            "horodatage de l'appareil",
            "type d'enregistrement",
            "historique de la glycémie {unit}",
            "numérisation de la glycémie {unit}|scan de glycémie {unit}",
            "insuline à action rapide (unités)",
        ),
        clarity={
            "horodatage (aaaa-mm-jjthh:mm:ss)": CLARITY_TIME,
            "type d'événement": "Event Type",
            "valeur du glucose {unit}": _CLARITY_GLUCOSE,
            "valeur de glucose {unit}": _CLARITY_GLUCOSE,
        },
    ),
    Language(
        "Spanish",
        libre=_libre(
            "dispositivo",
            "número de serial|número de serie",
            "sello de tiempo del dispositivo|marca de hora del dispositivo",
            "tipo de registro",
            "historial de glucosa {unit}",
            "escaneo de glucosa {unit}|escanear glucosa {unit}",
            "insulina de acción rápida (unidades)",
        ),
        clarity={
            "marca temporal (aaaa-mm-ddthh:mm:ss)": CLARITY_TIME,
            "tipo de evento": "Event Type",
            "nivel de glucosa {unit}": _CLARITY_GLUCOSE,
            "nivel de insulina (u)": "Insulin Value (u)",
        },
        words={"Niveles estimados de glucosa": "EGV", "Bajo": "Low", "Alto": "High"},
    ),
    Language(
        "Italian",
        libre=_libre(
            "",
            "",
            "timestamp del dispositivo",
            "",
            "storico del glucosio {unit}",
            "",
            "insulina ad azione rapida (unità)",
        ),
        clarity={
            "data e ora (aaaa-mm-ggthh:mm:ss)": CLARITY_TIME,
            "tipo di evento": "Event Type",
            "sottotipo di evento": "Event Subtype",
            "valore del glucosio {unit}": _CLARITY_GLUCOSE,
            "id trasmettitore": "Transmitter ID",
        },
        words={"Basso": "Low", "Alto": "High"},
    ),
    Language(
        "Dutch",
        libre=_libre(
            "apparaat|meter",
            "serienummer",
            "tijdstempel apparaat|tijdstempel meter",
            "gegevenstype",
            "historische glucose {unit}",
            "scan glucose {unit}",
            "snelwerkende insuline (eenheden)",
        ),
        carelink={
            "datum": "Date",
            "tijd": "Time",
            "onbewerkt: type": CARELINK_TYPE,
            "onbewerkt: waarden": CARELINK_VALUES,
            "sensorglucose {unit}": "Sensor Glucose ({unit})",
        },
    ),
    Language(
        "Swedish",
        libre=_libre(
            "enhet",
            "serienummer",
            "enhetens tidsstämpel",
            "registertyp",
            "historiskt glukosvärde {unit}",
            "skanna glukosvärde {unit}",
            "snabbverkande insulin (enheter)",
        ),
    ),
)
TELLTALES: Mapping[str, Sequence[str]] = {
    "Norwegian": ("glukoseverdi", "enhetens tidsstempel"),
    "Danish": ("tidsstempel", "glukoseværdi", "klokkeslæt"),
    "German": ("zeitstempel", "glukose", "gerät"),
    "French": ("horodatage", "glycémie", "appareil"),
    "Spanish": ("marca temporal", "sello de tiempo", "glucosa", "fecha"),
    "Italian": ("glucosio", "data e ora", "dispositivo di origine"),
    "Dutch": ("tijdstempel", "glucosewaarde", "apparaat", "sensorglucose"),
    "Swedish": ("tidsstämpel", "tidstämpel", "glukosvärde"),
    "Portuguese": ("carimbo", "glicose", "glicemia"),
    "Finnish": ("aikaleima", "glukoosi", "laite"),
    "Polish": ("znacznik czasu", "glukozy", "urządzenie"),
    "Czech": ("časové razítko", "glukóza", "glukózy", "zařízení"),
    "Slovak": ("časová pečiatka", "zariadenie"),
    "Slovenian": ("časovni žig", "naprava"),
    "Hungarian": ("időbélyeg", "glükóz", "eszköz"),
    "Turkish": ("zaman damgası", "glikoz", "cihaz"),
    "Greek": ("χρονική", "γλυκόζη", "συσκευή"),
    "Russian": ("отметка времени", "глюкоз", "устройство"),
    "Hebrew": ("גלוקוז", "מכשיר"),
    "Arabic": ("الجلوكوز", "جهاز"),
    "Japanese": ("グルコース", "タイムスタンプ"),
    "Korean": ("포도당", "타임스탬프"),
    "Chinese": ("葡萄糖", "时间戳", "時間戳"),
}
"""Words in column names by which a language is named that is not read. The first that fits counts: all of Scandinavia
and Germany write glukose."""
