"""The report's opening in plain words: how far one may trust the forecaster, and where it fails.

Every sentence follows from measured figures; what was not measured is said to be unknown.
"""

from collections.abc import Iterator, Sequence

from bloodtwin_core.evaluation.coverage_targets import AT_EVERY_STEP, IN_EVERY_RANGE
from bloodtwin_core.evaluation.report.findings import Ahead, Bands, Findings, Warnings, Where
from bloodtwin_core.evaluation.results import TargetOutcome

ENOUGH_DAYS = 14
"""Days of readings that describe a person's glucose: Battelino et al., Diabetes Care 42 (2019) 1593."""
ENOUGH_EVENTS = 20
"""Fewer events leave the share seen coming uncertain by over 20 percentage points either way (binomial, 95 %)."""
RELIABLE = 0.9
"""Share of events seen coming below which the opening warns against relying on it."""

NOTHING_TESTED = "No test window was measured, so nothing is known about how good this forecaster is: do not use it."
NO_DEVICE = "It is decision support, not a medical device: never dose insulin from a forecast alone."
VIRTUAL = "All of this was measured on virtual wearers and says nothing about people."


def opening(found: Findings) -> str:
    """One paragraph, whatever was found."""
    return " ".join(_sentences(found))


def _sentences(found: Findings) -> Iterator[str]:
    if not found.windows or not found.ahead:
        yield NOTHING_TESTED
    else:
        yield _verdict(found)
        yield _accuracy(found)
        yield from _against_ridge(found.ahead)
        yield from _harm(found.ahead)
        yield from _weak_spots(found)
        if found.lows is not None:
            yield _warnings(found.lows)
        yield _uncertainty(found.bands)
        if found.missed:
            yield f"It misses what was aimed for: {listed(found.missed)}."
        yield from _reach(found)
    if found.virtual:
        yield VIRTUAL
    yield NO_DEVICE


def _verdict(found: Findings) -> str:
    no_better = [ahead for ahead in found.ahead if not ahead.beats_persistence]
    if len(no_better) == len(found.ahead):
        return (
            f"Do not trust these forecasts: {_minutes(no_better)} ahead they are no better, beyond chance, than "
            "assuming "
            "that the last reading stays."
        )
    if no_better:
        return (
            f"Do not trust its forecasts {_minutes(no_better)} ahead: they are no better, beyond chance, than assuming "
            "that the last reading stays."
        )
    helpful = "Its forecasts help to see where glucose is heading"
    return f"{helpful}, but err by more than was aimed for." if found.missed else f"{helpful}."


def _accuracy(found: Findings) -> str:
    off = listed([f"{ahead.mae:.1f} mg/dL {ahead.minutes} minutes ahead" for ahead in found.ahead])
    stays = listed([f"{ahead.persistence:.1f}" for ahead in found.ahead])
    tested = f"On {counted(found.windows, 'test window')} from {counted(found.days, 'day')} of"
    text = (
        f"{tested} {counted(found.pumps, 'pump')}, kept from training, it was off by {off} on average "
        f"(assuming that the last reading stays: {stays})"
    )
    near = [ahead.near for ahead in found.ahead if ahead.near is not None]
    if len(near) == len(found.ahead):
        shares = listed([share(part) for part in near])
        text += f"; {shares} of its forecasts lay within 20 mg/dL or 20 % of the reading"
    return text + "."


def _against_ridge(ahead: Sequence[Ahead]) -> Iterator[str]:
    no_better = [each for each in ahead if each.ridge is not None and each.mae >= each.ridge]
    if no_better:
        yield f"A simple linear regression on the same readings does as well or better {_minutes(no_better)} ahead."


def _harm(ahead: Sequence[Ahead]) -> Iterator[str]:
    known = [each for each in ahead if each.harmless is not None]
    if not known:
        return
    shares = listed([share(each.harmless) for each in known if each.harmless is not None])
    worst = min(each.harmless for each in known if each.harmless is not None)
    others = "none" if worst == 1.0 else f"up to {share(1.0 - worst)}"
    yield (
        f"Treating by the forecast {_minutes(known)} ahead, instead of by the reading that came, would have made "
        f"little or no difference to the outcome in {shares} of cases (Parkes error grid, zones A and B), and could "
        f"have made it worse in {others}."
    )


def _weak_spots(found: Findings) -> Iterator[str]:
    if found.worst:
        farthest = found.ahead[-1]
        places = listed([_place(where) for where in found.worst])
        yield (
            f"It errs most {places}; all in mg/dL, {farthest.minutes} minutes ahead, where it is off by "
            f"{farthest.mae:.1f} on average."
        )
    if found.low_bias is not None:
        direction = "too high" if found.low_bias >= 0 else "too low"
        yield f"Readings under 70 mg/dL it forecast {abs(found.low_bias):.0f} mg/dL {direction} on average."


def _place(where: Where) -> str:
    worse = f", the last reading only {where.persistence:.1f}" if where.worse_than_persistence else ""
    return f"{where.place} ({where.mae:.1f}{worse})"


def _warnings(warned: Warnings) -> str:
    if not warned.events or warned.seen is None:
        return f"There were no {warned.what} in the test, so how well it warns of them is unknown."
    text = f"Of {warned.events:,} {warned.what} it saw {share(warned.seen)} coming"
    if warned.lead_minutes is not None:
        text += f", half of those at least {warned.lead_minutes:.0f} minutes ahead"
    if warned.false_alarms_per_day is not None:
        text += f", with {warned.false_alarms_per_day:.1f} false alarms a day"
    if warned.events < ENOUGH_EVENTS:
        return text + "; that is too few to rely on either figure."
    if warned.seen < RELIABLE:
        return text + f": do not rely on it to warn of {warned.what.split(' (')[0]}."
    return text + "."


def _uncertainty(bands: Bands | None) -> str:
    if bands is None:
        return "It does not say how sure it is."
    least, most = AT_EVERY_STEP
    least_held, most_held = share(bands.least), share(bands.most)
    held = most_held if least_held == most_held else f"{least_held} to {most_held}, depending on how far ahead,"
    text = f"Its 80 % band held {held} of the readings"
    if bands.least < least and bands.most > most:
        text += ": its word on how sure it is is off"
    elif bands.least < least:
        text += ": it is surer than it should be"
    elif bands.most > most:
        text += ": it is less sure than it could be"
    else:
        text += ", as it should"
    if bands.worst_range is not None and bands.in_worst_range is not None:
        inside = IN_EVERY_RANGE[0] <= bands.in_worst_range <= IN_EVERY_RANGE[1]
        if not inside:
            text += f"; but {share(bands.in_worst_range)} {bands.worst_range}"
    return text + "."


def _reach(found: Findings) -> Iterator[str]:
    if found.days < ENOUGH_DAYS:
        yield (
            f"{counted(found.days, 'day')} are too few to say how it does on others."
            if found.days != 1
            else ("One day is too little to say how it does on others.")
        )
    if found.newcomers == 0:
        yield "It was tested on later days of wearers that it had learned from; on others expect larger errors."
    elif found.newcomers < found.pumps:
        yield f"Of the {counted(found.pumps, 'pump')}, it had learned nothing from {found.newcomers:,}."
    else:
        yield "It had learned from none of these wearers."


def _minutes(ahead: Sequence[Ahead]) -> str:
    return listed([str(each.minutes) for each in ahead]) + " minutes"


def target_words(target: TargetOutcome) -> str:
    """What a target asks for: MAE at 60 minutes below 20 mg/dL."""
    quantity, _, at = target.name.partition("_at_")
    named = {"mae": "MAE", "rmse": "RMSE", "skill_mae": "skill"}.get(quantity, quantity)
    when = f"at {at.removesuffix('min')} minutes" if at else "over all steps"
    return f"{named} {when} below {target.limit:g}{'' if named == 'skill' else ' mg/dL'}"


def listed(parts: Sequence[str]) -> str:
    """Words in a row: a, b and c."""
    return parts[0] if len(parts) == 1 else f"{', '.join(parts[:-1])} and {parts[-1]}"


def counted(number: int, what: str) -> str:
    """A number and what it counts: 1 day, 2 days."""
    return f"{number:,} {what}" if number == 1 else f"{number:,} {what}s"


def share(part: float) -> str:
    """A share from 0 to 1 in per cent; what is not all or nothing never reads as such."""
    per_cent = 100.0 * part
    if 0.5 <= per_cent < 99.0 or part in (0.0, 1.0):
        return f"{per_cent:.0f} %"
    if per_cent >= 99.95:
        return "over 99.9 %"
    return "under 0.1 %" if per_cent < 0.05 else f"{per_cent:.1f} %"
