"""How far one may trust the forecaster and where it fails, in plain words and in more detail than the opening.

Every sentence follows from measured figures; what was not measured is said to be unknown.
"""

from collections.abc import Iterator, Sequence

from bloodtwin_core.common.rounding import decimals_apart
from bloodtwin_core.evaluation.baselines import baseline_named
from bloodtwin_core.evaluation.coverage_targets import AT_EVERY_STEP, IN_EVERY_RANGE
from bloodtwin_core.evaluation.metrics import OVERALL_MINUTES
from bloodtwin_core.evaluation.results import TargetOutcome
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.html.headline import Ahead, Bands, Headline, Warnings, Where

ENOUGH_DAYS = 14
"""Days of readings that describe a person's glucose: Battelino et al., Diabetes Care 42 (2019) 1593."""
NEAR_MG_DL, NEAR_SHARE = 20.0, 0.2
"""A forecast is near its reading within the larger of these: mg/dL, and share of the reading."""
RELIABLE = 0.9
"""The share of events seen coming must surely (95 %) be above it, or the report warns against relying on it."""


def narrative(headline: Headline) -> tuple[str, ...]:
    """Paragraphs on lows, on errors, and on what may be relied on; none where nothing was measured."""
    if not headline.windows or not headline.ahead:
        return ()
    lows = [] if headline.lows is None else [_warnings(headline, headline.lows)]
    errors = [_verdict(headline), _accuracy(headline), *_against_simpler(headline.ahead)]
    limits = [*_weak_spots(headline), _uncertainty(headline.bands), *_reach(headline)]
    paragraphs = ([*lows, *_harm(headline.ahead)], errors, limits)
    return tuple(" ".join(sentences) for sentences in paragraphs if sentences)


def _verdict(headline: Headline) -> str:
    no_better = [ahead for ahead in headline.ahead if not ahead.beats_persistence]
    if no_better:
        worse = all(ahead.mae >= ahead.persistence for ahead in no_better)
        verdict = "they are no better" if worse else "they are not clearly better"
        return (
            f"Do not trust these forecasts {minutes_of(no_better)} ahead: {verdict} than to assume that the last "
            "reading stays."
        )
    helpful = "These forecasts help to see where glucose is heading"
    if any(ahead.skill_interval is None for ahead in headline.ahead):
        helpful = "On the few days of the test these forecasts helped to see where glucose is heading"
    if headline.missed:
        return f"{helpful}, but err by more than was aimed for on complete windows: {listed(headline.missed)}."
    return f"{helpful}."


def _accuracy(headline: Headline) -> str:
    tested = f"{counted(headline.windows, 'test window')} from {counted(headline.days, 'day')} of"
    unit = headline.unit
    off = listed([f"{unit.text(ahead.mae, 1)} {unit} {ahead.minutes} minutes ahead" for ahead in headline.ahead])
    stays = listed([unit.text(ahead.persistence, 1) for ahead in headline.ahead])
    text = (
        f"On {tested} {counted(headline.pumps, 'pump')} they were off by {off}, on average; to assume that the last "
        f"reading stays, by {stays}"
    )
    near = [share(ahead.near) for ahead in headline.ahead if ahead.near is not None]
    if len(near) == len(headline.ahead):
        limit = f"{unit.text(NEAR_MG_DL)} {unit} or {share(NEAR_SHARE)} of the reading"
        text += f". Of the forecasts, {listed(near)} lay within {limit}"
    return text + "."


def _against_simpler(ahead: Sequence[Ahead]) -> Iterator[str]:
    for name in dict.fromkeys(name for each in ahead for name in each.beside):
        no_better = [each for each in ahead if name in each.beside and each.mae >= each.beside[name]]
        if no_better:
            yield f"{baseline_named(name).in_plain_words} does as well or better {minutes_of(no_better)} ahead."


def _harm(ahead: Sequence[Ahead]) -> Iterator[str]:
    harmful = [share(1.0 - each.harmless) for each in ahead if each.harmless is not None]
    if harmful:
        yield (
            f"To treat by them, instead of by the reading that came, could have done harm in {listed(harmful)} of "
            "cases (outside zones A and B of the Parkes error grid)."
        )


def _weak_spots(headline: Headline) -> Iterator[str]:
    if headline.worst:
        farthest, unit = headline.ahead[-1], headline.unit
        places = listed([_place(where, unit) for where in headline.worst])
        yield f"They fail most {places}: {unit}, {farthest.minutes} minutes ahead."


def _place(where: Where, unit: GlucoseUnit) -> str:
    worse = ""
    if where.persistence is not None and where.worse_than_persistence:
        worse = f", the last reading only {unit.text(where.persistence, 1)}"
    return f"{where.place} ({unit.text(where.mae, 1)}{worse})"


def _warnings(headline: Headline, warned: Warnings) -> str:
    if not warned.events or warned.seen is None:
        return (
            f"There was no {warned.what} ({warned.where}) in the test, so whether one would be seen coming is unknown."
        )
    if warned.events == 1:
        text = f"The only {warned.what} ({warned.where}) was {'' if warned.seen else 'not '}seen coming"
    else:
        text = f"Of {counted(warned.events, warned.what)} ({warned.where}), {share(warned.seen)} were seen coming"
    if warned.seen_interval is not None and warned.events > 1:
        text += f" ({share(warned.seen_interval[0])} to {share(warned.seen_interval[1])}, allowing for chance)"
    if warned.lead_minutes is not None and warned.events > 1:
        text += f", half of them at least {warned.lead_minutes:.0f} minutes ahead"
    if warned.false_alarms_per_day is not None:
        text += f", with {_a_day(warned.false_alarms_per_day)} false alarms a day"
    if headline.low_bias is not None:
        direction = "high" if headline.low_bias >= 0 else "low"
        off = f"{headline.unit.text(abs(headline.low_bias))} {headline.unit}"
        minutes = headline.ahead[-1].minutes
        text += f"; such readings were forecast {off} too {direction} {minutes} minutes ahead, on average"
    return text + ("." if relied_on(warned) else ". Do not rely on them to warn.")


def relied_on(warned: Warnings) -> bool:
    """Whether so many events were seen coming that chance does not explain it."""
    surely = warned.seen if warned.seen_interval is None else warned.seen_interval[0]
    return surely is not None and surely >= RELIABLE


def _a_day(alarms: float) -> str:
    """A rate that is not nothing never reads as such."""
    return "no" if alarms == 0 else "under 0.1" if alarms < 0.05 else f"{alarms:.1f}"


def _uncertainty(bands: Bands | None) -> str:
    if bands is None:
        return "They do not say how sure they are."
    least, most = share(bands.least), share(bands.most)
    text = f"The 80 % band held {most if least == most else f'{least} to {most}'} of the readings"
    too_few, too_many = bands.least < AT_EVERY_STEP[0], bands.most > AT_EVERY_STEP[1]
    if too_few and too_many:
        text += ", too few at some moments and too many at others"
    elif too_few:
        text += ", too few: the forecasts are surer than they should be"
    elif too_many:
        text += ", too many: it is wider than it need be"
    else:
        text += ", as it should"
    if bands.worst_range is not None and bands.in_worst_range is not None:
        low, high = IN_EVERY_RANGE
        if not low <= bands.in_worst_range <= high:
            decimals = max(decimals_apart(100.0 * bands.in_worst_range, 100.0 * limit, 0) for limit in (low, high))
            text += f"; but {100.0 * bands.in_worst_range:.{decimals}f} % {bands.worst_range}"
    return text + "."


def _reach(headline: Headline) -> Iterator[str]:
    if headline.days < ENOUGH_DAYS:
        few = "is too little" if headline.days == 1 else "are too few"
        yield f"{counted(headline.days, 'day')} {few} to say how it would be on others."
    if headline.unseen_people == 0:
        yield "All this is for wearers whose earlier days were learned from; for others expect larger errors."
    elif headline.unseen_people < headline.pumps:
        yield f"Of {counted(headline.unseen_people, 'pump')} among them nothing had been learned."
    else:
        yield "Of none of these wearers anything had been learned."


def minutes_of(ahead: Sequence[Ahead]) -> str:
    """The moments of some forecasts: 30 and 60 minutes."""
    return listed([str(each.minutes) for each in ahead]) + " minutes"


def target_words(target: TargetOutcome, unit: GlucoseUnit) -> str:
    """What a target asks for: MAE at 60 minutes below 20 mg/dL."""
    quantity, _, at = target.name.partition("_at_")
    named = {"mae": "MAE", "rmse": "RMSE", "skill_mae": "skill"}.get(quantity, quantity)
    when = f"at {at.removesuffix('min')} minutes" if at else f"over the first {OVERALL_MINUTES} minutes"
    limit = f"{target.limit:g}" if target.is_skill else f"{unit.limit(target.limit)} {unit}"
    return f"{named} {when} below {limit}"


def listed(parts: Sequence[str]) -> str:
    """Words in a row: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def counted(number: int, what: str) -> str:
    """A number and what it counts: 1 day, 2 days."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def share(part: float) -> str:
    """A share from 0 to 1 in per cent; what is not all or nothing never reads as such."""
    per_cent = 100.0 * part
    if 0.5 < per_cent < 99.0 or part in (0.0, 1.0):
        return f"{per_cent:.0f} %"
    if per_cent >= 99.95:
        return "over 99.9 %"
    return "under 0.1 %" if per_cent < 0.05 else f"{per_cent:.1f} %"
