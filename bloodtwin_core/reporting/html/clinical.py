"""Sections on what errors would mean for the wearer: error grids, and alarms."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from bloodtwin_core.evaluation.baselines import baseline_named
from bloodtwin_core.evaluation.clinical.error_grids import ZONES, Zones, ZoneShares, clarke_zones, parkes_zones
from bloodtwin_core.reporting.html.material import Material
from bloodtwin_core.reporting.html.narrative import share
from bloodtwin_core.reporting.html.parts import HtmlCell, HtmlTable, Picture, Section, share_cell
from bloodtwin_core.reporting.plots.grids import grid_figure

Readings = npt.NDArray[np.floating]
GRIDS: Mapping[str, Callable[[Readings, Readings], Zones]] = {"parkes": parkes_zones, "clarke": clarke_zones}
GRID_WORDS = (
    "What if one had treated by the forecast instead of by the reading that came? Zone A: no difference; B: a "
    "different treatment, but little or no effect on the outcome; C: needless treatment; D: a dangerous low or high "
    "goes unseen; E: the opposite of what was needed. Parkes: the consensus error grid for type 1 diabetes (Parkes et "
    "al. 2000, corners of Pfützner et al. 2013); Clarke: Clarke et al. 1987. Both were made for blood glucose meters, "
    "and are hard on forecasts."
)


def grids_section(material: Material) -> Section:
    """Both grids: pictures at the minutes ahead that have targets, shares of all forecasters at all reported ones."""
    clinical = material.results.clinical
    pictures, rows = [], []
    for grids in clinical.model.error_grids:
        for name in GRIDS:
            shares: ZoneShares = getattr(grids, name)
            if shares.measured_targets and grids.minutes in material.judged:
                pictures.append(_picture(material, name, grids.minutes, shares))
    beside = {baseline_named(name).title: meaning for name, meaning in clinical.beside.items()}
    for who, meaning in {"model": clinical.model, **beside}.items():
        for grids in meaning.error_grids:
            rows += [_row(f"{_title(name)}, {grids.minutes} min, {who}", getattr(grids, name)) for name in GRIDS]
    rows.sort(key=lambda row: [row[0].text.split(", ")[0] != "Parkes", int(row[0].text.split(", ")[1].split()[0])])
    table = HtmlTable("Share of forecasts in each zone", ["Grid", *ZONES, "A and B"], rows)
    return Section("grids", "What its errors would do", [GRID_WORDS], [table], pictures)


def _picture(material: Material, name: str, minutes: int, zones: ZoneShares) -> Picture:
    title = f"{_title(name)} error grid, {minutes} minutes ahead"
    shares = {zone: float(getattr(zones, zone)) for zone in ZONES}
    said = ", ".join(f"zone {zone} {share(part)}" for zone, part in shares.items())
    return Picture(
        f"{name}-{minutes}",
        grid_figure(title, *material.at(minutes), GRIDS[name], shares, material.unit),
        f"{zones.measured_targets:,} pairs of reading and forecast; the bluer, the more of them.",
        f"{title}: {said}.",
    )


def _row(label: str, zones: ZoneShares) -> list[HtmlCell]:
    harmless = None if zones.A is None or zones.B is None else zones.A + zones.B
    return [HtmlCell(label), *(share_cell(getattr(zones, zone), 2) for zone in ZONES), share_cell(harmless, 2)]


def _title(name: str) -> str:
    return name.capitalize()
