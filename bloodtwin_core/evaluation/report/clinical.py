"""Sections on what errors would mean for the wearer: error grids, and alarms."""

from collections.abc import Callable, Mapping

import numpy as np
import numpy.typing as npt

from bloodtwin_core.evaluation.clinical.error_grids import ZONES, Zones, clarke_zones, parkes_zones, zone_shares
from bloodtwin_core.evaluation.plots.grids import grid_figure
from bloodtwin_core.evaluation.report.material import Material
from bloodtwin_core.evaluation.report.parts import Cell, Picture, Section, Table, share_cell
from bloodtwin_core.evaluation.report.words import share

Readings = npt.NDArray[np.floating]
GRIDS: Mapping[str, Callable[[Readings, Readings], Zones]] = {"Parkes": parkes_zones, "Clarke": clarke_zones}
GRID_WORDS = (
    "What if one had treated by the forecast instead of by the reading that came? Zone A: no difference; B: a "
    "different treatment, but little or no effect on the outcome; C: needless treatment; D: a dangerous low or high "
    "goes unseen; E: the opposite of what was needed. Parkes: the consensus error grid for type 1 diabetes (Parkes et "
    "al. 2000, corners of Pfützner et al. 2013); Clarke: Clarke et al. 1987. Both were made for blood glucose meters, "
    "and are hard on forecasts."
)


def grids_section(material: Material) -> Section:
    """Both grids at each of the minutes ahead that have targets."""
    pictures, rows = [], []
    for minutes in material.judged:
        reading, forecast = material.at(minutes)
        for name, zones_of in GRIDS.items():
            found = zone_shares(zones_of(reading, forecast))
            if not found.measured_targets:
                continue
            shares = {zone: float(getattr(found, zone)) for zone in ZONES}
            title = f"{name} error grid, {minutes} minutes ahead"
            said = ", ".join(f"zone {zone} {share(part)}" for zone, part in shares.items())
            pictures.append(
                Picture(
                    f"{name.lower()}-{minutes}",
                    grid_figure(title, reading, forecast, zones_of, shares),
                    f"{found.measured_targets:,} pairs of reading and forecast; the bluer, the more of them.",
                    f"{title}: {said}.",
                )
            )
            rows.append(
                [Cell(f"{name}, {minutes} min"), *(share_cell(part, 2) for part in shares.values()),
                 share_cell(shares["A"] + shares["B"], 2)]
            )  # fmt: skip
    table = Table("Share of forecasts in each zone", ["Grid", *ZONES, "A and B"], rows)
    return Section("grids", "What its errors would do", [GRID_WORDS], [table], pictures)
