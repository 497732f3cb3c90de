"""What a row from a Nightscout site can say."""

from enum import StrEnum


class SiteKind(StrEnum):
    """What a row says; value, minutes and detail by kind. Times are UTC."""

    glucose = "glucose"
    """value mg/dL; detail is the device."""
    bolus = "bolus"
    """value U, spread over minutes; detail is the g of carbohydrates announced with it, if any."""
    carbohydrates = "carbohydrates"
    """detail as of a bolus, announced without one."""
    temp_basal = "temp_basal"
    """value U/h for minutes; 0 minutes end the one before."""
    temp_per_cent = "temp_per_cent"
    """value is what is added to the profile's rate, in per cent of it, for minutes."""
    suspended = "suspended"
    """for minutes, or until the pump resumes where they are 0."""
    resumed = "resumed"
    profile_switch = "profile_switch"
    """for minutes, or for good where they are 0; detail is a Switch as JSON."""
    profile = "profile"
    """from time on; detail is a Profile as JSON."""
    other = "other"
    """nothing that is looked at, such as a note, or something that was deleted."""
    unreadable = "unreadable"
