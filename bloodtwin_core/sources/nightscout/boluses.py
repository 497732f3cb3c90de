"""Insulin of treatments that are no basal: boluses at once and spread, and insulin that is no bolus.

- At once: meal and correction boluses, SMBs, external insulin. Loop writes `type` square for what it spread.
- Spread: Combo Bolus of Care Portal (`enteredinsulin`, `splitNow`, `splitExt`, `relative`), AAPS
  (ExtendedBolusExtension.kt: splitExt 100, `relative` U/h) and 600SeriesAndroidUploader, whose `relative` is wrong
  (its issue #203), so that the split counts first. AAPS 2 ends one by a Combo Bolus of 0 U (NSUpload).
- Nested: oref0 (lib/bolus.js) keeps the pump's records in `bolus` and `square`; nightscout-connect the marker of
  CareLink in `carelink` and `_dose`, with an extended part that `insulin` leaves out.
- xDrip+ lists several insulins of one treatment in `insulinInjections`.
- Priming: `type` PRIMING of AAPS, and insulin that was written down for a change of site, cartridge or pod.
"""

import json
import re
from collections.abc import Iterator
from typing import Any

from bloodtwin_core.sources.nightscout.deliveries import Delivery
from bloodtwin_core.sources.nightscout.insulins import Insulin, insulin_named, insulin_noted, is_priming_note
from bloodtwin_core.sources.nightscout.kinds import SiteKind
from bloodtwin_core.sources.nightscout.temp_basals import micro_bolus_row
from bloodtwin_core.sources.nightscout.treatment import Treatment
from bloodtwin_core.sources.nightscout.values import Document, NotUnderstood, amount, number, part, words
from bloodtwin_core.sources.row import Row

COMBO_BOLUS = frozenset({"combobolus", "extendedbolus", "dualbolus", "squarebolus", "dualwavebolus", "squarewavebolus"})
_FILLING = re.compile(
    r"(?:pump)?(?:site|set|infusionset|cannula|insulin|insulincartridge|cartridge|reservoir|pod|tubing|battery)"
    r"(?:changed?|fill(?:ed)?)|fill(?:cannula|tubing|prime)?|prim(?:e|ing)(?:cannula|tubing|fill)?"
)
"""What an app or person calls the filling of a new site, cartridge or pod, without spaces."""
_AUTO_BASAL = "auto_basal_delivery"
_NEARLY = 0.01
"""U. Doses this close are the same number, rounded."""

_WHOLLY_SPREAD = frozenset({"squarebolus", "squarewavebolus", "extendedbolus"})
SPREAD = "+"
"""Tells the row of the spread part from that of the part at once."""

Portion = tuple[str, float, float]
"""Of a bolus: which part, U, and the minutes over which it is spread."""


def bolus_rows(treatment: Treatment) -> list[Row]:
    """What becomes of a treatment's insulin. Raises ValueError or NotUnderstood."""
    document = treatment.document
    dose = amount(document, "insulin")
    marker = part(document, "carelink") or part(document, "_dose")
    if words(marker, "type") == _AUTO_BASAL:
        return [micro_bolus_row(treatment, amount(marker, "bolusAmount"))]
    if _is_priming(treatment):
        return [treatment.row(SiteKind.priming if dose else SiteKind.other, dose)]
    injections = _injections(document.get("insulinInjections"))
    if injections:
        return list(_injected(treatment, injections))
    portions = [portion for portion in _portions(treatment, dose, marker) if portion[1]]
    if not portions:
        _refuse_unknown_delivery(treatment)
        ends_one = treatment.what in COMBO_BOLUS and treatment.minutes == 0 and "enteredinsulin" in document
        return [treatment.row(SiteKind.extended_end if ends_one else SiteKind.other)]
    kind = _insulin(treatment)
    units = sum(units for _, units, _ in portions)
    if kind is Insulin.premixed:
        raise NotUnderstood("premixed insulin")
    if kind is Insulin.long_acting:
        return [treatment.row(SiteKind.long_acting, units)]
    delivery = Delivery.of(document).text()
    return [treatment.row(SiteKind.bolus, units, minutes, delivery, name) for name, units, minutes in portions]


def _refuse_unknown_delivery(treatment: Treatment) -> None:
    """Raise ValueError for a treatment of no known type that states a rate, or units that were entered.

    It is of insulin, but nobody knows which. A note may hold what a pump logged beside.
    """
    noted = treatment.what in ("", "note", "<none>", "announcement")
    rated = any(number(treatment.document.get(name)) for name in ("absolute", "percent", "rate", "enteredinsulin"))
    if rated and not noted and treatment.what not in COMBO_BOLUS:
        raise ValueError("a rate of no known kind")


def _portions(treatment: Treatment, dose: float, marker: Document) -> list[Portion]:
    document, minutes = treatment.document, treatment.minutes
    square, bolus = part(document, "square"), part(document, "bolus")
    if number(square.get("amount")):
        return _nested(dose, square, bolus)
    if amount(marker, "deliveredExtendedAmount"):
        extended = amount(marker, "deliveredExtendedAmount")
        return [("", dose or amount(marker, "deliveredFastAmount"), 0.0), (SPREAD, extended, _lasting(marker))]
    if treatment.what in COMBO_BOLUS:
        return _combo(document, minutes, dose, treatment.what)
    if words(document, "type") == "square":
        return [("", dose, minutes)]
    return [("", _delivered(treatment, dose, bolus), 0.0)]


def _lasting(marker: Document) -> float:
    return number(marker.get("effectiveDuration")) or number(marker.get("programmedDuration")) or 0.0


def _nested(dose: float, square: Document, bolus: Document) -> list[Portion]:
    """A pump's own records of a square or dual bolus. A dose that was corrected on the site since goes before them."""
    spread, at_once = amount(square, "amount"), amount(bolus, "amount")
    asked = amount(square, "programmed") + amount(bolus, "programmed")
    if dose and abs(dose - spread - at_once) > _NEARLY and abs(dose - asked) > _NEARLY:
        spread = min(spread, dose)
        at_once = dose - spread
    return [("", at_once, 0.0), (SPREAD, spread, number(square.get("duration")) or 0.0)]


def _delivered(treatment: Treatment, dose: float, bolus: Document) -> float:
    """The dose; what was delivered of it if that was less, or if the pump's record alone says it."""
    delivered = number(bolus.get("amount"))
    if delivered is None or delivered < 0:
        unsaid = not dose and "bolus" in treatment.what and "programmed" in treatment.document
        return amount(treatment.document, "amount") if unsaid else dose
    if not dose:
        return delivered if "bolus" in treatment.what or treatment.what in ("smb", "<none>") else 0.0
    return min(dose, delivered) if number(bolus.get("programmed")) == dose else dose


def _combo(document: Document, minutes: float, dose: float, what: str) -> list[Portion]:
    entered, relative = amount(document, "enteredinsulin"), amount(document, "relative")
    now, later = amount(document, "splitNow"), amount(document, "splitExt")
    if entered and abs(now + later - 100.0) <= 1.0:
        stated = dose and not (later and abs(dose - entered) < _NEARLY)
        return [("", dose if stated else entered * now / 100, 0.0), (SPREAD, entered * later / 100, minutes)]
    if relative:
        return [("", dose, 0.0), (SPREAD, relative * minutes / 60, minutes)]
    if entered and not dose and (now or later or minutes) and what not in _WHOLLY_SPREAD:
        raise NotUnderstood("combo bolus without a split")
    if what in _WHOLLY_SPREAD:
        return [(SPREAD, dose or entered, minutes)]
    return [("", dose or entered, 0.0)]


def _is_priming(treatment: Treatment) -> bool:
    document = treatment.document
    notes = document.get("notes")
    return (
        _FILLING.fullmatch(treatment.what) is not None
        or words(document, "type") == "priming"
        or words(document, "_type") == "prime"
        or (isinstance(notes, str) and len(notes) < 40 and is_priming_note(notes.strip()))
    )


def _insulin(treatment: Treatment) -> Insulin:
    """Which insulin a treatment is of, as far as it says."""
    document = treatment.document
    if document.get("isBasalInsulin") is True:
        return Insulin.long_acting
    for name in (
        document.get("insulinType"),
        document.get("insulinName"),
        document.get("insulin_type"),
        part(document, "iCfg").get("insulinLabel"),
    ):
        if isinstance(name, str) and name and (kind := insulin_named(name)) is not Insulin.unknown:
            return kind
    what = document.get("eventType")
    if isinstance(what, str) and insulin_named(what) in (Insulin.long_acting, Insulin.premixed):
        return insulin_named(what)
    notes = document.get("notes")
    return insulin_noted(notes) if isinstance(notes, str) and notes else Insulin.unknown


def _injections(stated: Any) -> list[tuple[str, float]]:
    """Names and units (U) of the injections that a treatment lists, as JSON text or as a list."""
    listed = json.loads(stated) if isinstance(stated, str) and stated else stated or []
    return [(str(one.get("insulin") or ""), amount(one, "units")) for one in listed]


def _injected(treatment: Treatment, injections: list[tuple[str, float]]) -> Iterator[Row]:
    units = dict.fromkeys(Insulin, 0.0)
    for name, dose in injections:
        units[insulin_named(name)] += dose
    bolus = units[Insulin.rapid] + units[Insulin.unknown]
    yield treatment.row(
        SiteKind.bolus if bolus else SiteKind.other, bolus, detail=Delivery.of(treatment.document).text()
    )
    if units[Insulin.long_acting]:
        yield treatment.row(SiteKind.long_acting, units[Insulin.long_acting], part="+long")
    if units[Insulin.premixed]:
        yield treatment.row(SiteKind.unreadable, units[Insulin.premixed], 0.0, "premixed insulin", "+premixed")
