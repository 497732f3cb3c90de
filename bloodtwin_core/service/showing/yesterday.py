"""How good yesterday's forecasts were, for the wearer to read."""

from datetime import datetime, timedelta
from datetime import time as time_of_day

from bloodtwin_core.display.clock import WearerClock
from bloodtwin_core.display.rows import Table
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.service.moments import time_of
from bloodtwin_core.service.past import BAND, Judged, Past, past_of
from bloodtwin_core.service.store import Store, Wearer


def yesterday(store: Store, wearer: Wearer, clock: WearerClock, now: int) -> tuple[datetime, Past]:
    """The wearer's calendar day before that of now (second since 1970 UTC): its midnight, and its forecasts."""
    shown = clock.at(time_of(now))
    today = datetime.combine(shown.date(), time_of_day(), shown.tzinfo)
    begun = datetime.combine(shown.date() - timedelta(days=1), time_of_day(), shown.tzinfo)
    return begun, past_of(store, wearer, int(begun.timestamp()), int(today.timestamp()) - 1)


def table_of(begun: datetime, past: Past, unit: GlucoseUnit) -> Table:
    """Errors beside those of saying that glucose stays as it is; no rows where nothing could be judged."""
    judged = [each for each in past.judged if each.count]
    caption = f"{begun:%A} {begun.day} {begun:%B}, {unit}"
    columns = ["ahead", "off by", "no change: off by", f"in {BAND:.0%} band", "made"]
    return Table(caption, columns, [_row(each, unit) for each in judged])


def refused_words(past: Past) -> str:
    """How often there was no forecast and why; empty where there always was one."""
    if not past.refusals:
        return ""
    reasons = ", ".join(f"{count} × {reason.replace('_', ' ')}" for reason, count in past.refusals.items())
    return f"No forecast could be made {sum(past.refusals.values())} times ({reasons})."


def _row(judged: Judged, unit: GlucoseUnit) -> list[str]:
    errors = ["" if error is None else unit.text(error) for error in (judged.mae, judged.persistence_mae)]
    inside = "" if judged.inside is None else f"{judged.inside:.0%}"
    return [f"{judged.minutes} min", *errors, inside, str(judged.count)]
