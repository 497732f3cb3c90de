"""Carbohydrates and insulin, below glucose and on the same hours."""

from collections.abc import Iterable

import numpy as np

from bloodtwin_core.display.doses import Amounts
from bloodtwin_core.display.svg.canvas import CARBS_HEIGHT, INSULIN_HEIGHT, Canvas, number

_FULL_CARBS, _FULL_BOLUS, _FULL_RATE = 30.0, 3.0, 1.5
"""g, U and U/h of the highest bars, unless there is more."""
_BAR = 4.0
_TEXT_ROOM = 13.0
"""Height that is left above the highest bar for its number."""
_LETTER = 7.0
"""Width of a letter of a number, about."""
_NAMED_SHARE = 0.15
"""Of the highest bar; what is smaller has no number."""
_BASAL_SHARE = 0.4
"""Of the height, up to which the basal rate reaches."""


def doses(canvas: Canvas) -> Iterable[str]:
    """Both, if anything is known of them."""
    known = canvas.view.doses
    if not known.are_known:
        return
    carbs_foot, foot = canvas.carbs_top + CARBS_HEIGHT, canvas.bottom
    for at, name in ((carbs_foot, "carbs"), (foot, "insulin")):
        yield f'<path class="grid" d="M{canvas.left} {at:.1f}H{canvas.right}"/>'
        yield number(canvas.left + 3, at - 8, name, "small")
    yield from _bars(canvas, known.carbohydrates, "carbs", (carbs_foot, CARBS_HEIGHT, _FULL_CARBS))
    yield from _basal(canvas, known.basal, foot)
    yield from _bars(canvas, known.bolus, "bolus", (foot, INSULIN_HEIGHT, _FULL_BOLUS))


def _bars(canvas: Canvas, given: Amounts, kind: str, lane: tuple[float, float, float]) -> Iterable[str]:
    """A bar for each amount; the largest have their numbers, as far as there is room. lane: foot, height, full."""
    foot, height, full = lane
    inside = (given.times >= canvas.scale.first) & (given.times <= canvas.scale.last)
    times, amounts = given.times[inside], given.amounts[inside]
    if not len(times):
        return
    most = max(full, float(amounts.max()))
    tops = foot - (height - _TEXT_ROOM) * amounts / most
    places = [canvas.x(time) for time in times]
    bars = "".join(
        f"M{x - _BAR / 2:.1f} {foot:.1f}V{top:.1f}h{_BAR}V{foot:.1f}Z" for x, top in zip(places, tops, strict=True)
    )
    yield f'<path class="{kind}" d="{bars}"/>'
    taken: list[tuple[float, float]] = []
    for place in (each for each in np.argsort(-amounts, kind="stable") if amounts[each] >= _NAMED_SHARE * most):
        text = _amount(float(amounts[place]), kind)
        half = _LETTER * len(text) / 2
        middle = min(max(places[place], canvas.left + half), canvas.right - half)
        if all(abs(middle - other) > half + width + 4 for other, width in taken):
            taken.append((middle, half))
            above = tops[place] - 3
            yield f'<text class="small halo" x="{middle:.1f}" y="{above:.1f}" text-anchor="middle">{text}</text>'


def _amount(amount: float, kind: str) -> str:
    return f"{amount:.0f} g" if kind == "carbs" else f"{amount:.2g} U" if amount < 1 else f"{amount:.1f} U"


def _basal(canvas: Canvas, basal: Amounts, foot: float) -> Iterable[str]:
    """The basal rate as an area of steps, up to now."""
    if not np.isfinite(basal.amounts).any():
        return
    height = INSULIN_HEIGHT * _BASAL_SHARE / max(_FULL_RATE, float(np.nanmax(basal.amounts)))
    ends = [*basal.times[1:], canvas.view.moment]
    steps = ""
    for begin, end, rate in zip(basal.times, ends, basal.amounts, strict=True):
        first, last = max(begin, canvas.scale.first), min(end, canvas.scale.last)
        if np.isfinite(rate) and rate > 0 and first < last:
            x, stop = canvas.x(first), canvas.x(last)
            steps += f"M{x:.1f} {foot:.1f}V{foot - height * rate:.1f}H{stop:.1f}V{foot:.1f}Z"
    yield f'<path class="basal" d="{steps}"/>'
