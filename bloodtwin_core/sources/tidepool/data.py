"""What each type of Tidepool's data says."""

from collections.abc import Callable, Mapping
from types import MappingProxyType

from bloodtwin_core.events.repairs import RepairKind
from bloodtwin_core.events.spans import BasalSpan
from bloodtwin_core.sources.doses import Gathered
from bloodtwin_core.sources.nightscout.values import BAD, Document, amount, number, part

MG_PER_DL_PER_MMOL_PER_L = 18.01559
"""With which Tidepool made mmol/L of what devices told in mg/dL: tidepool-org/platform, data/blood/glucose."""
_MS_PER_SECOND, _MS_PER_MINUTE, _MS_PER_HOUR = 1000, 60_000, 3_600_000
_RAPID = ("rapid", "short")
_LONG = ("intermediate", "long")

Reader = Callable[[Document, int, Gathered], None]


def _cbg(datum: Document, second: int, gathered: Gathered) -> None:
    value, unit = number(datum["value"]), str(datum["units"]).casefold()
    if value is None:
        raise ValueError("a reading is empty")
    if unit not in ("mg/dl", "mmol/l"):
        raise ValueError("the unit of a reading is not known")
    glucose = value if unit == "mg/dl" else value * MG_PER_DL_PER_MMOL_PER_L
    gathered.add_reading(second, glucose, _device(datum))


def _basal(datum: Document, second: int, gathered: Gathered) -> None:
    milliseconds = amount(datum, "duration")
    # A duration of 0 is that of a rate that still ran when it was uploaded.
    end = second + round(milliseconds / _MS_PER_SECOND) if milliseconds else None
    gathered.of(_device(datum)).add_basal(BasalSpan(second, end, _rate(datum)))


def _rate(datum: Document) -> float:
    """U/h that was delivered. Raises ValueError where nothing tells it."""
    if datum.get("deliveryType") == "suspend":
        return 0.0
    if (rate := number(datum.get("rate"))) is not None:
        return rate
    share, usual = number(datum.get("percent")), number(part(datum, "suppressed").get("rate"))
    if share is None or usual is None:
        raise ValueError("a basal has no rate")
    return share * usual


def _bolus(datum: Document, second: int, gathered: Gathered) -> None:
    at_once, extended = amount(datum, "normal"), amount(datum, "extended")
    minutes = amount(datum, "duration") / _MS_PER_MINUTE
    if "normal" not in datum and "extended" not in datum:
        raise ValueError("a bolus has no dose")
    doses = gathered.of(_device(datum))
    doses.add_bolus(second, extended, minutes)
    doses.add_bolus(second, at_once)


def _insulin(datum: Document, second: int, gathered: Gathered) -> None:
    units = amount(part(datum, "dose"), "total")
    acting = part(part(datum, "formulation"), "simple").get("actingType")
    if acting in _LONG:
        gathered.leave_out(RepairKind.long_acting_units, units)
    elif acting in _RAPID:
        gathered.of(_device(datum)).add_bolus(second, units)
    else:
        raise ValueError("nothing tells how fast the insulin acts")


def _food(datum: Document, second: int, gathered: Gathered) -> None:
    grams = number(part(part(datum, "nutrition"), "carbohydrate").get("net"))
    if grams is not None:
        gathered.add_carbohydrates(second, grams)


def _wizard(datum: Document, second: int, gathered: Gathered) -> None:
    grams = number(datum.get("carbInput"))
    if grams and datum.get("carbUnits", "grams") != "grams":
        raise ValueError("carbohydrates in exchanges")
    if grams:
        gathered.add_carbohydrates(second, grams)


READERS: Mapping[str, Reader] = MappingProxyType(
    {"cbg": _cbg, "basal": _basal, "bolus": _bolus, "insulin": _insulin, "food": _food, "wizard": _wizard}
)
"""The types that are read."""
UNUSED = frozenset(
    (
        "alert", "bloodKetone", "cgmSettings", "controllerSettings", "controllerStatus", "deviceEvent",
        "dosingDecision", "physicalActivity", "pumpSettings", "pumpStatus", "reportedState", "smbg", "upload",
        "urineKetone", "water",
    )
)  # fmt: skip
"""The other types that there are (tidepool-org/platform, data/types), which say nothing that is used."""


def units_in(datum: Document) -> float:
    """U that a datum speaks of, as far as that can be seen; for what is not understood."""
    try:
        if datum.get("type") == "basal":
            return amount(datum, "rate") * amount(datum, "duration") / _MS_PER_HOUR
        if datum.get("type") == "insulin":
            return amount(part(datum, "dose"), "total")
        return amount(datum, "normal") + amount(datum, "extended") if datum.get("type") == "bolus" else 0.0
    except BAD:
        return 0.0


def _device(datum: Document) -> str:
    device = datum.get("deviceId")
    return device if isinstance(device, str) else ""
