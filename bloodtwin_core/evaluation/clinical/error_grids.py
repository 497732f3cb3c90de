"""Error grids: what treating by a forecast, rather than by the reading that came, would have meant.

Zone A: clinically accurate; B: off, but without harm; C: needless treatment; D: a dangerous excursion goes unseen;
E: the opposite of the right treatment. A pair on a line belongs to the less dangerous of the two zones.
Both grids were made for meters, so of a forecast they say how it would serve if one treated by it alone.
"""

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt

from bloodtwin_core.evaluation.figures import Result
from bloodtwin_core.evaluation.metrics import step_at
from bloodtwin_core.records import TARGET_RANGE, Glucose, Mask

ZONES = ("A", "B", "C", "D", "E")
Zones = npt.NDArray[np.int8]
"""Places in ZONES."""
Readings = npt.NDArray[np.floating]
"""mg/dL, any shape."""
Line = tuple[tuple[float, float], ...]
"""Corners (reference, estimate) of a line in an error grid, mg/dL."""

LOW, HIGH = TARGET_RANGE
CLARKE_VERY_HIGH = 240.0
"""Reference (mg/dL) above which an estimate within the target range hides a need to treat."""
CLARKE_ACCURATE_PARTS = 5.0
"""Zone A reaches to an error of a fifth (20 %) of the reference."""
CLARKE_OVERCORRECTION = 110.0
"""An estimate (mg/dL) so far above a reference of 70 mg/dL or more is in upper zone C."""
CLARKE_LOWER_C = 130.0
"""Reference (mg/dL) from which lower zone C rises, by 7/5, to meet zone E at (180, 70)."""
CLARKE_LINES: tuple[Line, ...] = (
    ((0, 70), (175 / 3, 70), (1000 / 3, 400)),
    ((70, 84), (70, 400)),
    ((0, 180), (70, 180), (290, 400)),
    ((70, 0), (70, 56), (400, 320)),
    ((CLARKE_LOWER_C, 0), (180, 70)),
    ((180, 0), (180, 70), (400, 70)),
    ((CLARKE_VERY_HIGH, 70), (CLARKE_VERY_HIGH, 180), (400, 180)),
)
"""The grid as it is drawn, up to 400 mg/dL."""

PARKES_UPPER: dict[str, Line] = {
    "B": ((0, 50), (30, 50), (140, 170), (280, 380), (430, 550)),
    "C": ((0, 60), (30, 60), (50, 80), (70, 110), (260, 550)),
    "D": ((0, 100), (25, 100), (50, 125), (80, 215), (125, 550)),
    "E": ((0, 150), (35, 155), (50, 550)),
}
"""Where each zone of the type 1 grid begins above the diagonal (Pfützner et al. 2013); the last piece goes on."""
PARKES_LOWER: dict[str, Line] = {
    "B": ((50, 0), (50, 30), (170, 145), (385, 300), (550, 450)),
    "C": ((120, 0), (120, 30), (260, 130), (550, 250)),
    "D": ((250, 0), (250, 40), (550, 150)),
}
"""Where each zone begins below it."""


class ZoneShares(Result):
    """Shares (0 to 1) of the measured targets in each zone; None where none was measured."""

    measured_targets: int
    A: float | None = None
    B: float | None = None
    C: float | None = None
    D: float | None = None
    E: float | None = None


class ErrorGrids(Result):
    """Both grids AT one step, so many minutes ahead."""

    minutes: int
    clarke: ZoneShares
    parkes: ZoneShares


def clarke_zones(reference: Readings, estimate: Readings) -> Zones:
    """Zones of Clarke et al., Diabetes Care 10 (1987) 622.

    The grid is drawn up to 400 mg/dL; its lines go on beyond.
    """
    ref, est = np.asarray(reference, dtype=np.float64), np.asarray(estimate, dtype=np.float64)
    zones = np.full(np.broadcast_shapes(ref.shape, est.shape), ZONES.index("B"), dtype=np.int8)
    too_much = (ref >= LOW) & (est > ref + CLARKE_OVERCORRECTION)
    too_little = (ref >= CLARKE_LOWER_C) & (ref <= HIGH) & (5 * est < 7 * (ref - CLARKE_LOWER_C))
    zones[too_much | too_little] = ZONES.index("C")
    unseen_low = (ref < LOW) & (est > LOW) & (est <= HIGH)
    unseen_high = (ref > CLARKE_VERY_HIGH) & (est >= LOW) & (est < HIGH)
    zones[unseen_low | unseen_high] = ZONES.index("D")
    zones[((ref < LOW) & (est > HIGH)) | ((ref > HIGH) & (est < LOW))] = ZONES.index("E")
    accurate = CLARKE_ACCURATE_PARTS * np.abs(est - ref) <= ref
    zones[accurate | ((ref <= LOW) & (est <= LOW))] = ZONES.index("A")
    return zones


def parkes_zones(reference: Readings, estimate: Readings) -> Zones:
    """Zones of the consensus error grid for type 1 diabetes.

    Parkes et al., Diabetes Care 23 (2000) 1143; corners of Pfützner et al., J Diabetes Sci Technol 7 (2013) 1275.
    """
    ref, est = np.asarray(reference, dtype=np.float64), np.asarray(estimate, dtype=np.float64)
    zones = np.zeros(np.broadcast_shapes(ref.shape, est.shape), dtype=np.int8)
    for zone, line in PARKES_UPPER.items():
        zones = np.where(est > _height(line, ref), ZONES.index(zone), zones)
    for zone, line in PARKES_LOWER.items():
        beyond_start = ref > line[0][0]
        zones = np.where(beyond_start & (est < _height(line[1:], ref)), ZONES.index(zone), zones)
    return zones.astype(np.int8)


def zone_shares(zones: Zones) -> ZoneShares:
    """Shares of all the zones given."""
    counts = np.bincount(zones.ravel(), minlength=len(ZONES))
    if not zones.size:
        return ZoneShares(measured_targets=0)
    shares = {zone: float(count / zones.size) for zone, count in zip(ZONES, counts, strict=True)}
    return ZoneShares(measured_targets=zones.size, **shares)


def error_grids(forecast: Glucose, target: Glucose, measured: Mask, minutes: Sequence[int]) -> list[ErrorGrids]:
    """Both grids AT each of these minutes that the horizon reaches; the three arrays are [window, step]."""
    grids = []
    for ahead in minutes:
        step = step_at(ahead) - 1
        if not 0 <= step < target.shape[1]:
            continue
        known = measured[:, step]
        reference, estimate = target[known, step], forecast[known, step]
        grids.append(
            ErrorGrids(
                minutes=ahead,
                clarke=zone_shares(clarke_zones(reference, estimate)),
                parkes=zone_shares(parkes_zones(reference, estimate)),
            )
        )
    return grids


def _height(line: Line, reference: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The estimate at which a line passes each reference; beyond its end the last piece goes on."""
    across, up = (np.array(values, dtype=np.float64) for values in zip(*line, strict=True))
    beyond = np.maximum(reference - across[-1], 0.0)
    slope = (up[-1] - up[-2]) / (across[-1] - across[-2])
    height: npt.NDArray[np.float64] = np.interp(reference, across, up) + slope * beyond
    return height
