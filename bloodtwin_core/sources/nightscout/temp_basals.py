"""Temporary basal rates: in U/h, or in per cent of the profile's rate, of which there are three ways to write it.

- Care Portal and AAPS 2: `percent` is what is added to the profile's rate, -100 for none (lib/profilefunctions.js,
  getTempBasal). A site throws away a `percent` of 0 (lib/server/treatments.js, prepareData).
- AAPS 3: `percent` likewise, and `rate` is what that came to in U/h when it began (TemporaryBasalExtension.kt).
  Builds of 2021 wrote the whole percentage into `rate`.
- oref0 (lib/temps.js) and openaps: `percent` and `rate` are both the whole percentage, 100 for the profile's rate, and
  `raw_rate.temp` is percent.
- RileyLink and Loop's kit (TempBasalNightscoutTreatment.swift): `temp` is percentage and `rate` the whole percentage.
- A CareLink uploader (enteredBy CarelinkToNS) writes the units of a micro-bolus of Auto Mode, which stand for five
  minutes, as if they were a rate for half an hour.
"""

from bloodtwin_core.events.plausible import POSSIBLE_BASAL
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.treatment import Treatment
from bloodtwin_core.sources.nightscout.values import Document, number, part, words
from bloodtwin_core.sources.row import Row

TEMP_BASAL = frozenset({"tempbasal", "tempbasalstart", "tempbasalend", "temporarybasal"})
MICRO_BOLUS_MINUTES = 5.0
_MICRO_BOLUSES_PER_HOUR = 60.0 / MICRO_BOLUS_MINUTES
_MICRO_BOLUS_UPLOADER = "carelinktons"
_OREF0 = "openaps://medtronic"
_WHOLE = 100.0


def temp_basal_row(treatment: Treatment) -> Row:
    """The row of a temporary rate. Raises ValueError or KeyError if it has none."""
    document, minutes = treatment.document, treatment.minutes
    if minutes == 0 and words(document, "reason") == "suspend":
        return treatment.row(SiteKind.suspended)
    if minutes == 0 or treatment.what == "tempbasalend":
        return treatment.row(SiteKind.temp_basal)
    per_cent = _whole_percentage(document)
    if per_cent is not None:
        return treatment.row(SiteKind.temp_per_cent, per_cent - _WHOLE, minutes, _came_to(document, per_cent))
    rate = _rate(document)
    if rate is None:
        raise KeyError("rate")
    if words(document, "enteredBy") == _MICRO_BOLUS_UPLOADER:
        return treatment.row(SiteKind.temp_basal, rate * _MICRO_BOLUSES_PER_HOUR, MICRO_BOLUS_MINUTES)
    return treatment.row(SiteKind.temp_basal, rate, minutes)


def micro_bolus_row(treatment: Treatment, units: float) -> Row:
    """A micro-bolus of an algorithm's own basal, as the rate of the five minutes that it stands for."""
    return treatment.row(SiteKind.temp_basal, units * _MICRO_BOLUSES_PER_HOUR, MICRO_BOLUS_MINUTES)


def _rate(document: Document) -> float | None:
    rates = (number(document.get(field)) for field in ("absolute", "rate"))
    rate = next((rate for rate in rates if rate is not None), None)
    return rate if rate is not None and rate >= 0 else None


def _whole_percentage(document: Document) -> float | None:
    """Of the profile's rate; None if the rate is in U/h."""
    per_cent, rate = number(document.get("percent")), number(document.get("rate"))
    raw = part(document, "raw_rate")
    if words(raw, "temp").startswith("percent"):
        return next(stated for stated in (number(raw.get("rate")), per_cent, rate, 0.0) if stated is not None)
    if words(document, "temp").startswith("percent"):
        return next(stated for stated in (rate, per_cent, 0.0) if stated is not None)
    absolute = number(document.get("absolute"))
    if absolute is not None and absolute >= 0:
        return None
    if absolute is None and per_cent is None and rate is None and not document.keys() & {"absolute", "rate"}:
        return _WHOLE  # A percent of 0, which a site throws away, is all that can have stood here.
    if per_cent is not None:
        is_whole = rate == per_cent or str(document.get("enteredBy") or "").startswith(_OREF0)
        return per_cent if is_whole and per_cent >= 0 else _WHOLE + per_cent
    # No pump delivers so much in an hour, so that this is what builds of AAPS wrote for per cent.
    return rate if rate is not None and rate > POSSIBLE_BASAL.high else None


def _came_to(document: Document, per_cent: float) -> str:
    """U/h that a percentage came to, if the document says that too."""
    rate = _rate(document)
    plain = rate is not None and rate <= POSSIBLE_BASAL.high and rate not in (per_cent, per_cent - _WHOLE)
    return f"{rate:g}" if plain else ""
