"""What the page shows, ready to be put into place: texts, tables and the picture."""

from dataclasses import asdict
from datetime import datetime

from pydantic import BaseModel

from bloodtwin_core.display.rows import Table
from bloodtwin_core.display.svg import Point
from bloodtwin_core.display.words import Direction, Level, Side
from bloodtwin_core.service.web.bodies.outlooks import ReasonOut
from bloodtwin_core.serving import alarms


class NewestOut(BaseModel):
    """The newest reading as it is shown. at: its time. change: over 15 minutes, empty where it is not known."""

    time: datetime
    at: str
    text: str
    level: Level
    direction: Direction
    change: str


class SayingOut(BaseModel):
    """A sentence. side: on which glucose is out of range. is_grave: that is more likely than not."""

    words: str
    side: Side | None
    is_grave: bool


class AlertOut(BaseModel):
    """What an open page rings for: glucose is, or may soon be, beyond a limit.

    minutes: for which the rule is silent once it has spoken; 0 for what is so already, which rings while it lasts.
    """

    rule: str
    side: alarms.Side
    minutes: int
    words: str


class PointOut(BaseModel):
    """What lies at a place of the picture."""

    x: float
    y: float
    words: str


class TableOut(BaseModel):
    """A table; the first column names the rows."""

    caption: str
    columns: list[str]
    rows: list[list[str]]

    @classmethod
    def of(cls, table: Table) -> "TableOut":
        """As it is told."""
        return cls(caption=table.caption, columns=list(table.columns), rows=[list(row) for row in table.rows])


class PictureOut(BaseModel):
    """The picture as SVG without its style, and what lies where in it, in its own units."""

    svg: str
    points: list[PointOut]

    @classmethod
    def of(cls, svg: str, points: list[Point]) -> "PictureOut":
        """As it is told."""
        return cls(svg=svg, points=[PointOut(**asdict(point)) for point in points])


class PageOut(BaseModel):
    """All of it.

    as_of: now for people, on their clock. speed: how much faster the service's clock runs than this machine's, as
    in a demonstration. stale_minutes: from this age on the newest reading tells of another time. said: where glucose
    is likely to go, the soonest first; end: where it will be at the end. Both are empty without a forecast, and
    refusals then say why. shares: how many of the readings to come the bands hold. forecast, readings, yesterday:
    tables.
    """

    wearer: str
    zone: str
    unit: str
    now: datetime
    as_of: str
    speed: float
    stale_minutes: float
    reading: NewestOut | None
    said: list[SayingOut]
    end: str
    shares: str
    alerts: list[AlertOut]
    ring_low: str
    ring_high: str
    refusals: list[ReasonOut]
    doubts: list[ReasonOut]
    picture: PictureOut
    forecast: TableOut
    readings: TableOut
    yesterday: TableOut
    refused_yesterday: str
    model: list[str]
    feeds: list[str]
