"""Exports of accounts in other languages: read where column names are known, else refused with the language named."""

from pathlib import Path

import numpy as np
import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.events.units import MG_PER_DL_PER_MMOL_PER_L
from bloodtwin_core.sources.device_exports import VendorSettings
from bloodtwin_core.sources.device_exports.importer import events
from bloodtwin_core.sources.settings import data_settings
from tests.core.sources.device_exports.vendor_files import egv, wearer

LIBRE = {
    "German": "Gerät,Seriennummer,Gerätezeitstempel,Aufzeichnungstyp,Glukosewert-Verlauf mg/dL,Glukose-Scan mg/dL,"
    "Nicht numerisches schnellwirkendes Insulin,Schnellwirkendes Insulin (Einheiten),Notizen",
    "French": "Appareil,Numéro de série,Horodatage de l'appareil,Type d'enregistrement,Historique de la glycémie mg/dL,"
    "Numérisation de la glycémie mg/dL,Insuline à action rapide sans valeur numérique,"
    "Insuline à action rapide (unités),Remarques",
    "Spanish": "Dispositivo,Número de serial,Sello de tiempo del dispositivo,Tipo de registro,"
    "Historial de glucosa mg/dL,Escaneo de glucosa mg/dL,Insulina de acción rápida no numérica,"
    "Insulina de acción rápida (unidades),Notas",
    "Italian": "Dispositivo,Numero di serie,Timestamp del dispositivo,Tipo di registrazione,"
    "Storico del glucosio mg/dL,Scansione del glucosio mg/dL,Insulina rapida non numerica,"
    "Insulina ad azione rapida (unità),Note",
    "Dutch": "Apparaat,Serienummer,Tijdstempel apparaat,Gegevenstype,Historische glucose mg/dL,Scan Glucose mg/dL,"
    "Niet-numerieke snelwerkende insuline,Snelwerkende insuline (eenheden),Notities",
    "Swedish": "Enhet,Serienummer,Enhetens tidsstämpel,Registertyp,Historiskt glukosvärde mg/dL,"
    "Skanna glukosvärde mg/dL,Icke-numeriskt snabbverkande insulin,Snabbverkande insulin (enheter),Anteckningar",
}
LIBRE_ROWS = [
    "FreeStyle Libre 3,AAAA-1,13-11-2024 21:35,0,107,,,,",
    "FreeStyle Libre 3,AAAA-1,13-11-2024 21:37,1,,111,,,",
    'FreeStyle Libre 3,AAAA-1,13-11-2024 21:38,4,,,,"3,5",',
    "FreeStyle Libre 3,AAAA-1,13-11-2024 21:39,6,,,,,nota",
]
CLARITY = {
    "German": "Index;Zeitstempel (JJJJ-MM-TTThh:mm:ss);Ereignistyp;Ereignisuntertyp;Patienteninfo;Geräteinfo;"
    "Quellgeräte-ID;Glukosewert (mg/dl);Insulinwert (IE)",
    "French": "Index;Horodatage (AAAA-MM-JJThh:mm:ss);Type d’événement;Sous-type;Patient;Appareil;ID;"
    "Valeur du glucose (mg/dL);Insuline (u)",
    "Spanish": "Índice;Marca temporal (AAAA-MM-DDThh:mm:ss);Tipo de evento;Subtipo de evento;Información del paciente;"
    "Información del dispositivo;ID;Nivel de glucosa (mg/dl);Nivel de insulina (u)",
    "Italian": "Indice;Data e ora (AAAA-MM-GGThh:mm:ss);Tipo di evento;Sottotipo di evento;Paziente;Dispositivo;ID;"
    "Valore del glucosio (mg/dL);Valore di insulina (u)",
}
EVENTS = {
    "German, newer": ("EGW", "Niedrig"),
    "Spanish": ("Niveles estimados de glucosa", "Bajo"),
    "Italian": ("EGV", "Basso"),
    "German": ("EGV", "Niedrig"),
}


@pytest.mark.parametrize("language", LIBRE)
def test_libre_exports_are_read_in_these_languages(language: str, tmp_path: Path) -> None:
    found = wearer(tmp_path, "\n".join(["Glukose,13-11-2024 UTC", LIBRE[language], *LIBRE_ROWS, ""]))
    assert found.glucose.glucose.tolist() == [107, 111]
    assert found.bolus.dose.tolist() == [3.5]
    assert set(found.glucose.sensor) == {"AAAA-1"}


@pytest.mark.parametrize("unit", ["mmol/L", "mmol/l", "(mmol/L)", "(mmol/l)"])
def test_libre_units_are_those_of_the_column_name(unit: str, tmp_path: Path) -> None:
    header = LIBRE["Dutch"].replace("mg/dL", unit)
    row = 'FreeStyle Libre 3,AAAA-1,13-11-2024 21:35,0,"5,4",,,,'
    found = wearer(tmp_path, "\n".join(["Glucosegegevens,13-11-2024 UTC", header, row, ""]))
    assert found.glucose.glucose == pytest.approx([5.4 * MG_PER_DL_PER_MMOL_PER_L])


def test_a_german_export_in_the_code_page_of_windows_is_read(tmp_path: Path) -> None:
    (tmp_path / "export.csv").write_bytes("\n".join(["Glukose", LIBRE["German"], *LIBRE_ROWS, ""]).encode("cp1252"))
    settings = data_settings(source="vendor", root=str(tmp_path), vendor=VendorSettings(time_zone="UTC"))
    assert next(events(settings)).glucose.glucose.tolist() == [107, 111]


def clarity(language: str, *rows: str) -> str:
    return "\n".join([CLARITY[language], "1;;;;Ada;;;;", *rows, ""])


@pytest.mark.parametrize("language", EVENTS)
def test_clarity_exports_are_read_where_readings_are_called_as_known(language: str, tmp_path: Path) -> None:
    event, low = EVENTS[language]
    language = language.partition(",")[0]
    rows = [f"2;2024-03-01T10:00:00;{event};;;;;120;", f"3;2024-03-01T10:05:00;{event};;;;;{low};"]
    found = wearer(tmp_path, clarity(language, *rows))
    assert found.glucose.glucose.tolist() == [120, 39]
    assert found.glucose.times[0] == np.datetime64("2024-03-01T10:00:00")


def test_clarity_readings_of_another_name_are_refused_with_the_language_and_the_name(tmp_path: Path) -> None:
    text = clarity("French", "2;2024-03-01T10:00:00;Glucose estimé;;;;;120;")
    with pytest.raises(DataError, match=r"line 3.*not known in French; this one is 'Glucose estimé'.*in English"):
        wearer(tmp_path, text)


def test_clarity_insulin_of_a_kind_that_is_not_known_is_refused(tmp_path: Path) -> None:
    rows = ["2;2024-03-01T10:00:00;EGV;;;;;120;", "3;2024-03-01T10:01:00;Insulin;Schnellwirkend;;;;;4,5"]
    with pytest.raises(DataError, match=r"line 4.*rapid-acting is not known in German; this one is 'Schnellwirkend'"):
        wearer(tmp_path, clarity("German", *rows))


def test_a_dutch_carelink_export_of_a_paradigm_pump_is_read(tmp_path: Path) -> None:
    header = (
        "Index,Datum,Tijd,Tijdstempel,Nieuwe apparaattijd,Sensorglucose (mmol/l),Onbewerkt: type,Onbewerkt: waarden"
    )
    rows = [
        '1,21-05-24,00:00:00,x,,,BasalProfileStart,"PATTERN_NAME=standard, RATE=0.8"',
        '2,21-05-24,08:01:00,x,,,BolusNormal,"AMOUNT=5, PROGRAMMED_AMOUNT=5"',
        '3,21-05-24,08:05:00,x,,"6,5",GlucoseSensorData,"AMOUNT=117"',
    ]
    found = wearer(tmp_path, "\n".join([header, *rows, ""]))
    assert found.glucose.glucose == pytest.approx([6.5 * MG_PER_DL_PER_MMOL_PER_L])
    assert (found.bolus.dose.tolist(), found.basal.rate[0]) == ([5], 0.8)


def test_a_german_carelink_export_of_a_paradigm_pump_is_read_by_what_stands_in_it(tmp_path: Path) -> None:
    """Its column Raw-Type is known from no public file, but its words are the same in every language."""
    header = "Index,Datum,Zeit,Zeitstempel,Neue Gerätezeit,Sensorglukose (mg/dl),?,??,???"
    rows = [
        '1,21.05.24,00:00:00,x,,,BasalProfileStart,"PATTERN_NAME=standard, RATE=0.8",1',
        '2,21.05.24,08:01:00,x,,,BolusNormal,"AMOUNT=4,5, CONCENTRATION=null, PROGRAMMED_AMOUNT=4,5",2',
        '3,21.05.24,08:05:00,x,,117,GlucoseSensorData,"AMOUNT=117",3',
    ]
    found = wearer(tmp_path, "\n".join(["", header, *rows, ""]))
    assert found.glucose.glucose.tolist() == [117]
    assert (found.bolus.dose.tolist(), found.basal.rate[0]) == ([4.5], 0.8)


@pytest.mark.parametrize(
    ("language", "header"),
    [
        (
            "Portuguese",
            "Dispositivo,Número de série,Carimbo de data/hora do dispositivo,Tipo,Histórico de glicose mg/dL",
        ),
        ("Polish", "Urządzenie,Numer seryjny,Znacznik czasu urządzenia,Typ zapisu,Historia poziomu glukozy mg/dL"),
        ("Dutch", "Index,Tijdstempel (JJJJ-MM-DDThh:mm:ss),Type gebeurtenis,Glucosewaarde (mmol/L)"),
        ("Swedish", "Index,Tidsstämpel (ÅÅÅÅ-MM-DDThh:mm:ss),Händelsetyp,Glukosvärde (mmol/L)"),
        ("Czech", "Index;Datum;Čas;Nový čas zařízení;Glukóza senzoru (mmol/l)"),
        ("Spanish", "Índice;Fecha;Hora;Glucosa del sensor (mg/dl)"),
        ("German", "Index;Datum;Zeit;Zeitstempel;Sensorglukose (mg/dl)"),
        ("Danish", "Indeks;Dato;Klokkeslæt;Nyt tidspunkt;Sensorglukose (mmol/l)"),
    ],
)
def test_other_languages_are_refused_by_name(language: str, header: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=f"an export in {language}, .*Languages that are read: English, German, French"):
        wearer(tmp_path, f"{header}\n{'1;2;3;4;5' if ';' in header else '1,2,3,4,5'}\n")


def test_an_english_export_is_not_taken_for_another_language(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="the file is of no known format"):
        wearer(tmp_path, "Device,Reading,Time\n1,2,3\n")
    text = "Index,Timestamp (YYYY-MM-DDThh:mm:ss),Event Type,Event Subtype,Patient Info,Device Info,Source Device ID,"
    text += f"Glucose Value (mg/dL),Insulin Value (u),a,b,c,d,Transmitter ID\n{egv('2024-03-01T10:00:00', 'Bajo')}\n"
    with pytest.raises(DataError, match="'Bajo' is not a number"):
        wearer(tmp_path, text)
