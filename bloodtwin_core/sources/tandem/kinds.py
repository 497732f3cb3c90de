"""What a row of a pump's log can say."""

from enum import StrEnum

SUSPENDED, RESUMED = "suspended", "resumed"
"""Details of a change of the basal rate that says why."""


class PumpKind(StrEnum):
    """What a row says; value, minutes and detail by kind."""

    glucose = "glucose"
    """value mg/dL; detail is the sensor."""
    delivery = "delivery"
    """value U/h, every five minutes on newer pumps; detail is SUSPENDED or empty."""
    rate_change = "rate_change"
    """value U/h; detail is SUSPENDED, RESUMED or empty."""
    suspended = "suspended"
    resumed = "resumed"
    bolus_started = "bolus_started"
    extended_started = "extended_started"
    bolus_delivery = "bolus_delivery"
    """value U delivered so far, minutes that its extended part was asked to take."""
    bolus_completed = "bolus_completed"
    """value U delivered at once."""
    extended_completed = "extended_completed"
    """value U delivered over time. detail of all bolus kinds is the bolus's number."""
    daily_basal = "daily_basal"
    """value U of basal since the pump's midnight."""
    clock_changed = "clock_changed"
    """value s by which the clock was set forward; negative: back."""
    unreadable = "unreadable"
