"""The report's first five lines: what it misses, how far it is off, where it fails, and for whom that holds.

Each line stands for itself and is short enough to be read at a glance; narrative.py says the same in more detail. What
was not measured is said to be unknown.
"""

from bloodtwin_core.evaluation.coverage_targets import AT_EVERY_STEP
from bloodtwin_core.reporting.html.headline import Ahead, Bands, Headline, Warnings
from bloodtwin_core.reporting.html.narrative import ENOUGH_DAYS, counted, listed, minutes_of, relied_on, share

NOTHING_TESTED = "No test window was measured, so nothing is known about how good this forecaster is: do not use it."
NO_DEVICE = "Never dose insulin from a forecast alone."
VIRTUAL = "All of this is of virtual wearers and says nothing about people."


def opening(headline: Headline) -> tuple[str, ...]:
    """At most five lines, whatever was measured; a forecaster that is of no use says so first."""
    if not headline.windows or not headline.ahead:
        return (NOTHING_TESTED, NO_DEVICE)
    farthest = headline.ahead[-1]
    dangers = (_lows(headline.lows), _unseen(farthest))
    useless = [ahead for ahead in headline.ahead if not ahead.beats_persistence]
    error = _error(headline)
    if useless:
        verdict = f"Do not trust it {minutes_of(useless)} ahead, where it is {_verdict(useless)} the last reading."
        first: tuple[str, ...] = (f"{verdict} {error}", *dangers)
    else:
        first = (*dangers, f"{error}{_targets(headline)}")
    return (*first, _weakest(headline, farthest), _reach(headline))


def _verdict(useless: list[Ahead]) -> str:
    worse = all(ahead.mae >= ahead.persistence for ahead in useless)
    return "no better than" if worse else "not clearly better than"


def _lows(lows: Warnings | None) -> str:
    if lows is None:
        return "Whether it misses lows was not measured."
    if not lows.events or lows.seen is None:
        return f"No low ({lows.where}) came in the test: whether it misses them is unknown."
    missed = "none" if not lows.missed else str(lows.missed)
    text = f"Missed {missed} of {counted(lows.events, 'low')} {lows.where}"
    if lows.seen_interval is not None:
        least, most = 1.0 - lows.seen_interval[1], 1.0 - lows.seen_interval[0]
        text += f", {share(least)} to {share(most)} allowing for chance"
    if not relied_on(lows):
        text += ": do not rely on it to warn"
    return f"{text}. The last reading misses all."


def _unseen(farthest: Ahead) -> str:
    if farthest.unseen is None or farthest.persistence_unseen is None:
        return "How many lows and highs would go untreated (zone D) was not measured."
    model, still = (_rare(part) for part in (farthest.unseen, farthest.persistence_unseen))
    return (
        f"A low or high would go untreated (Clarke's zone D) in {model} of its forecasts {farthest.minutes} minutes "
        f"ahead, by the last reading in {still}."
    )


def _rare(part: float) -> str:
    """A share (0 to 1) of few per cent, to a tenth of one."""
    return share(part) if part < 0.005 else f"{100.0 * part:.1f} %"


def _error(headline: Headline) -> str:
    unit = headline.unit
    off = listed([f"{unit.text(each.mae, 1)} {unit} {each.minutes} minutes ahead" for each in headline.ahead])
    stays = listed([unit.text(each.persistence, 1) for each in headline.ahead])
    return f"Off by {off} on average; the last reading by {stays}."


def _targets(headline: Headline) -> str:
    if not headline.missed:
        return ""
    return f" {counted(len(headline.missed), 'target')} missed."


def _weakest(headline: Headline, farthest: Ahead) -> str:
    unit, band = headline.unit, _band(headline.bands)
    if not headline.worst:
        return f"No circumstance stands out in which it errs most; {band}."
    worst = max(headline.worst, key=lambda where: where.mae)
    error = f"{unit.text(worst.mae, 1)} {unit}"
    return f"Errs most {worst.place}: by {error} in {farthest.minutes} minutes; {band}."


def _band(bands: Bands | None) -> str:
    if bands is None:
        return "it does not say how sure it is"
    least, most = share(bands.least), share(bands.most)
    held = f"its 80 % band held {least if least == most else f'{least} to {most}'}"
    narrow, wide = bands.least < AT_EVERY_STEP[0], bands.most > AT_EVERY_STEP[1]
    return held + (": uneven" if narrow and wide else ": too narrow" if narrow else ": too wide" if wide else "")


def _reach(headline: Headline) -> str:
    if headline.virtual:
        return f"{VIRTUAL} {NO_DEVICE}"
    few = " (too few)" if headline.days < ENOUGH_DAYS else ""
    tested = f"Tested on {counted(headline.days, 'day')}{few} of {counted(headline.pumps, 'pump')}"
    known = headline.pumps - headline.unseen_people
    if headline.unseen_people == 0:
        return f"{tested} that it learnt from: others will see more error. {NO_DEVICE}"
    return f"{tested}, of which it learnt from {known or 'none'}. {NO_DEVICE}"
