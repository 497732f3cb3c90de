"""What a row from a Nightscout site can say."""

from enum import StrEnum


class SiteKind(StrEnum):
    """What a row says; value, minutes and detail by kind. Times are UTC."""

    glucose = "glucose"
    """value mg/dL; detail is the device."""
    low_number = "low_number"
    """value is a reading below LOWEST_READING: an error code, or mmol/L; detail is the device."""
    bolus = "bolus"
    """value U, spread over minutes; detail is a Delivery as text, and the g of carbohydrates announced with it."""
    carbohydrates = "carbohydrates"
    """announced without a bolus; detail is the g, as carbohydrates.py says."""
    extended_end = "extended_end"
    """ends the spread boluses that run."""
    temp_basal = "temp_basal"
    """value U/h for minutes; 0 minutes end the one before."""
    temp_per_cent = "temp_per_cent"
    """value is what is added to the profile's rate, in per cent of it, for minutes; detail is the rate in U/h that this
    came to when it began, if the document says it."""
    suspended = "suspended"
    """for minutes, or until the pump resumes where they are 0."""
    resumed = "resumed"
    status = "status"
    """the pump's status: value is the insulin in its reservoir (U) where detail is RESERVOIR."""
    status_running = "status_running"
    """as status, and the pump delivers."""
    status_suspended = "status_suspended"
    """as status, and the pump is suspended."""
    on_board = "on_board"
    """value U of insulin on board, as a status says: of boluses where it tells these apart, else of all insulin."""
    profile_switch = "profile_switch"
    """for minutes, or for good where they are 0; detail is a Switch as JSON."""
    profile = "profile"
    """from time on; detail is a Profile as JSON."""
    long_acting = "long_acting"
    """value U of long-acting insulin, which is neither a bolus nor delivered by a pump."""
    priming = "priming"
    """value U that filled a tube, a cannula or a needle."""
    other = "other"
    """nothing that is looked at, such as a note, or something that was deleted."""
    unreadable = "unreadable"
    """value U of insulin in it, as far as that can be seen; detail is what it was."""


RESERVOIR = "reservoir"
STATUSES = (SiteKind.status, SiteKind.status_running, SiteKind.status_suspended)
