"""What the page asks for: everything that it shows of a wearer, drawn and said for its reader."""

from dataclasses import asdict
from typing import Annotated, Literal

from fastapi import APIRouter, Query
from pydantic import BaseModel, ConfigDict, Field

from bloodtwin_core.display.rows import forecast_table, history_table
from bloodtwin_core.display.svg import Frame, bare_picture, points
from bloodtwin_core.display.view import ForecastView
from bloodtwin_core.display.words import Direction, Level, change_words, sayings
from bloodtwin_core.records import TARGET_RANGE, VERY_HIGH
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.service.engine import Made
from bloodtwin_core.service.moments import moment_of
from bloodtwin_core.service.running import Service
from bloodtwin_core.service.showing.alerts import alerts_of
from bloodtwin_core.service.showing.feed_words import feed_words
from bloodtwin_core.service.showing.looking import Reader, view_now
from bloodtwin_core.service.showing.model_words import model_words
from bloodtwin_core.service.showing.yesterday import refused_words, table_of, yesterday
from bloodtwin_core.service.store import Wearer
from bloodtwin_core.service.web.access import Seen, Serving
from bloodtwin_core.service.web.bodies.outlooks import ReasonOut
from bloodtwin_core.service.web.bodies.pages import AlertOut, NewestOut, PageOut, PictureOut, SayingOut, TableOut

router = APIRouter(prefix="/v1/wearers/{name}", tags=["page"])
_SHAPE, _LOWEST, _HIGHEST, _DOSES = 0.58, 300.0, 440.0, 88.0
"""Height of a picture by its width, its bounds, and what insulin and carbohydrates need below."""


class Asked(BaseModel):
    """How the reader wants it."""

    model_config = ConfigDict(extra="forbid")

    unit: GlucoseUnit = GlucoseUnit.mg_dl
    hours: float = Field(default=6.0, ge=1.0, le=24.0, description="Hours back that are drawn")
    width: float = Field(default=760.0, ge=240.0, le=2_000.0, description="Width of the picture (px)")
    clock: Literal["12", "24"] = Field(default="24", description="Hours of the clock on which times are shown")


@router.get("/page")
def page(wearer: Seen, service: Serving, asked: Annotated[Asked, Query()]) -> PageOut:
    """What the page shows now."""
    made = service.desk.ask(wearer).result()
    reader = Reader(asked.unit, asked.hours, is_twelve_hour=asked.clock == "12")
    return page_of(service, wearer, made, reader, asked.width)


def page_of(service: Service, wearer: Wearer, made: Made, reader: Reader, width: float) -> PageOut:
    """The page of an outlook, for a reader and a picture so wide (px)."""
    now, rules = int(service.now()), service.model.now.alarms.of(wearer.name)
    view = view_now(service.store, wearer, made.outlook, reader, now)
    height = min(max(width * _SHAPE, _LOWEST), _HIGHEST) + (_DOSES if view.doses.are_known else 0.0)
    frame = Frame(width, height, is_titled=False)
    begun, past = yesterday(service.store, wearer, view.clock, now)
    return PageOut(
        wearer=wearer.name,
        zone=view.clock.name,
        unit=reader.unit,
        now=moment_of(view.moment),
        as_of=f"{view.clock.day(view.moment)}, {view.clock.short(view.moment)}",
        speed=float(getattr(service.now, "speed", 1.0)),
        stale_minutes=service.model.now.forecaster.facts.max_reading_age_minutes,
        reading=_newest(view),
        said=[SayingOut(words=each.words, side=each.side, is_grave=each.is_grave) for each in sayings(view)],
        end=view.at_the_end() if view.has_forecast else "",
        shares=_joined([f"{100 * band.share:.0f}" for band in view.bands[::-1]]),
        alerts=[AlertOut(**asdict(alert)) for alert in alerts_of(view, made.outlook, rules)],
        ring_low=reader.unit.text(TARGET_RANGE[0]),
        ring_high=reader.unit.text(VERY_HIGH),
        refusals=[ReasonOut.of(doubt) for doubt in made.outlook.refusals],
        doubts=[ReasonOut.of(doubt) for doubt in made.outlook.doubts],
        picture=PictureOut.of(bare_picture(view, frame), points(view, frame)),
        forecast=TableOut.of(forecast_table(view)),
        readings=TableOut.of(history_table(view)),
        yesterday=TableOut.of(table_of(begun, past, reader.unit)),
        refused_yesterday=refused_words(past),
        model=model_words(service.model, is_demonstration=service.is_demonstration),
        feeds=list(feed_words(service.feed_states(wearer.name), view.clock)),
    )


def _newest(view: ForecastView) -> NewestOut | None:
    if not view.has_reading:
        return None
    time, glucose = view.last_reading
    is_today = view.clock.at(time).date() == view.clock.at(view.moment).date()
    return NewestOut(
        time=moment_of(time),
        at=view.clock.short(time) if is_today else f"{view.clock.day(time)}, {view.clock.short(time)}",
        text=view.unit.text(glucose),
        level=Level.of(glucose),
        direction=Direction.of(view.change_per_minute),
        change=change_words(view),
    )


def _joined(shares: list[str]) -> str:
    """50, 80 and 90 %."""
    return f"{', '.join(shares[:-1])} and {shares[-1]} %" if len(shares) > 1 else "".join(f"{one} %" for one in shares)
