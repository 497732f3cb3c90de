"""What CareLink's column Bolus Source says of a delivery: asked for by somebody, automatic basal, or a day's total.

Spellings that pumps write: CLOSED_LOOP_MICRO_BOLUS (670G and 770G; pazaan/600SeriesAndroidUploader, tidepool-org/
uploader), CL_MICRO_BOLUS (the same pumps in the Flair study's files), CLOSED_LOOP_AUTO_BASAL (780G; pra008/
Medtronic-csv-FHIR) and, once a day, CLOSED_LOOP_AUTO_INSULIN. Automatic corrections (CLOSED_LOOP_AUTO_BOLUS,
CLOSED_LOOP_BG_CORRECTION) are boluses, as are all others.
"""

import re
from enum import StrEnum

import numpy as np

from bloodtwin_core.sources.device_exports.cells import Cells, CellTexts

SOURCE = "Bolus Source"
_BETWEEN_WORDS = re.compile(r"[^A-Z0-9]+")


class BolusSource(StrEnum):
    """What a delivery is."""

    bolus = "bolus"
    automatic_correction = "automatic_correction"
    automatic_basal = "automatic_basal"
    automatic_total = "automatic_total"


_WORDS = {
    BolusSource.automatic_basal: ("MICRO_BOLUS", "MICROBOLUS", "AUTO_BASAL", "AUTOBASAL"),
    BolusSource.automatic_total: ("AUTO_INSULIN", "AUTOINSULIN"),
    BolusSource.automatic_correction: ("AUTO_BOLUS", "AUTOBOLUS", "AUTO_CORRECTION"),
}


def source_of(spelling: str) -> BolusSource:
    """What a delivery with this Bolus Source is; whatever is not known to be automatic is a bolus."""
    name = _BETWEEN_WORDS.sub("_", spelling.upper())
    return next((kind for kind, words in _WORDS.items() if any(word in name for word in words)), BolusSource.bolus)


def bolus_sources(cells: Cells) -> CellTexts:
    """A BolusSource for each row [row]; all bolus where the table has no such column."""
    if not cells.has(SOURCE):
        return np.full(len(cells), BolusSource.bolus, dtype=object)
    spellings = cells.texts(SOURCE)
    known = {spelling: source_of(spelling) for spelling in set(spellings)}
    return np.array([known[spelling] for spelling in spellings], dtype=object)
