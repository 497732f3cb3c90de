"""drift.json: what was found of each week of each pump, and which of it somebody has looked at.

A week is judged once, when it is new; it is judged again where its records have changed since.
"""

from collections.abc import Mapping
from datetime import date, datetime, time, timedelta
from pathlib import Path

from pydantic import Field

from bloodtwin_core.common.errors import ArtifactMissing, SettingsError, in_brief
from bloodtwin_core.common.sealed import unsealed
from bloodtwin_core.evaluation.figures import Result
from bloodtwin_core.publishing.drift.week import DAYS
from bloodtwin_core.publishing.manifest import LearntByPump


class Measure(Result):
    """One measure of a week beside the training period; distance is held against limit, in the unit that about names.

    value and reference: of the week and of the training period.
    """

    name: str
    about: str
    value: float
    reference: float
    distance: float
    limit: float

    @property
    def beyond(self) -> bool:
        """Whether somebody has to look at it."""
        return self.distance > self.limit

    @property
    def told(self) -> str:
        """In words."""
        return f"{self.about} {self.value:.3g}, in training {self.reference:.3g}"


class JudgedWeek(Result):
    """What was found of one week (its Monday) of a pump; content is that of the records judged.

    measures is empty for a week of the training period that others are held against. seen: what whoever looked at it
    said, empty if nobody did.
    """

    pump: str
    start: date
    content: str
    measures: tuple[Measure, ...] = ()
    judged: datetime
    seen: str = ""

    @property
    def beyond(self) -> tuple[Measure, ...]:
        """What lies beyond its limit."""
        return tuple(each for each in self.measures if each.beyond)

    @property
    def is_open(self) -> bool:
        """Whether it drifted and nobody has looked at it."""
        return bool(self.beyond) and not self.seen

    @property
    def told(self) -> str:
        """In words: which week, and what of it drifted."""
        return f"{self.pump}, week of {self.start}: {', '.join(each.told for each in self.beyond) or 'nothing'}"


class Ledger(Result):
    """All weeks that were judged, in order of pumps and time."""

    weeks: tuple[JudgedWeek, ...] = Field(default_factory=tuple)

    def of(self, pump: str) -> Mapping[date, JudgedWeek]:
        """The weeks of a pump by their Monday."""
        return {week.start: week for week in self.weeks if week.pump == pump}

    @property
    def open(self) -> list[JudgedWeek]:
        """The weeks that somebody should look at."""
        return [week for week in self.weeks if week.is_open]

    def open_in(self, learnt: LearntByPump) -> list[JudgedWeek]:
        """Those of them that a model learnt from or was chosen on."""
        return [week for week in self.open if week.pump in learnt and _overlaps(week, learnt)]

    def with_weeks(self, judged: Mapping[tuple[str, date], JudgedWeek]) -> "Ledger":
        """The same with these weeks, in place of what was known of them."""
        weeks = {**{(week.pump, week.start): week for week in self.weeks}, **judged}
        return Ledger(weeks=tuple(week for _, week in sorted(weeks.items())))

    def seen(self, pump: str, start: date, note: str) -> "Ledger":
        """The same, somebody having looked at a week. Raises SettingsError if it is not open."""
        week = self.of(pump).get(start)
        if week is None or not week.is_open:
            there = "; ".join(f"{each.pump} {each.start}" for each in self.open)
            raise SettingsError(f"no drift of {pump} in the week of {start} is open. Open are: {there or 'none'}")
        return self.with_weeks({(pump, start): week.model_copy(update={"seen": note or "looked at"})})


def read_ledger(path: Path) -> Ledger:
    """What was found so far; nothing where there is no file. Raises ArtifactMissing if it is damaged."""
    if not path.exists():
        return Ledger()
    try:
        return unsealed(path.read_bytes(), Ledger)
    except (OSError, ValueError) as error:
        raise ArtifactMissing(
            f"{path} is damaged ({in_brief(error)}). Delete it once you have looked at the records: those of the "
            "training period then count as looked at"
        ) from error


def _overlaps(week: JudgedWeek, learnt: LearntByPump) -> bool:
    begins = datetime.combine(week.start, time())
    span = learnt[week.pump]
    return begins <= span.last and span.first < begins + timedelta(days=DAYS)
