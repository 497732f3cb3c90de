"""What a glucose sensor makes of interstitial glucose: its calibration error, its noise, its warm-ups and gaps.

Error model: M. Vettoretti, C. Battocchio, G. Sparacino, A. Facchinetti, "Development of an error model for a
factory-calibrated continuous glucose monitoring sensor with 10-day lifetime", Sensors 19 (2019) 5320,
doi:10.3390/s19235320, fitted to 79 Dexcom G6 sensors: gain a0 + a1 t + a2 t^2 (t in days), offset b0 (mg/dL) and
second-order autoregressive noise, their seven parameters normal across sensors. Gaps: AZT1D's, see docs/simulator.md.
"""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from bloodtwin_core.records import RECORDS_PER_DAY, RECORDS_PER_HOUR
from bloodtwin_core.simulation.chance import Topic, stream
from bloodtwin_core.simulation.compiled import compiled

SENSOR_DAYS = 10
SENSOR_RECORDS = SENSOR_DAYS * RECORDS_PER_DAY
WARM_UP_RECORDS = 2 * RECORDS_PER_HOUR
"""Dexcom G6: ten days of wear, the first two hours without readings (user guide)."""
LOWEST_READING, HIGHEST_READING = 40.0, 400.0
"""mg/dL: Dexcom's range; beyond it the receiver says LOW or HIGH, which pumps file as 39 and 401."""
BELOW_RANGE, ABOVE_RANGE = 39.0, 401.0
INTERSTITIAL_MINUTES = 6.0
"""Time constant from blood to interstitium: 5 to 6 min; A. Basu et al., Diabetes 62 (2013) 4083-4087."""

PARAMETER_MEANS = (0.94229, 4.9399e-3, -5.8487e-4, 6.3826, 1.26041, -0.40222, 3.25164)
"""a0, a1 (1/day), a2 (1/day^2), b0 (mg/dL), AR coefficients of lag 1 and 2, SD of the innovation (mg/dL)."""
PARAMETER_COVARIANCE = (
    (1.32458e-2, -3.95130e-3, 3.12767e-4, 1.57179e-1, 2.68766e-3, -2.89046e-3, -3.18017e-3),
    (-3.95130e-3, 1.85280e-3, -1.55803e-4, -1.02880e-1, -1.39023e-3, 1.15919e-3, -2.72849e-3),
    (3.12767e-4, -1.55803e-4, 1.37460e-5, 8.06859e-3, 1.20750e-4, -1.00421e-4, 1.11303e-4),
    (1.57179e-1, -1.02880e-1, 8.06859e-3, 2.90058e1, 1.24083e-1, -1.01936e-1, 6.00754e-1),
    (2.68766e-3, -1.39023e-3, 1.20750e-4, 1.24083e-1, 2.07935e-2, -1.84311e-2, -1.57218e-2),
    (-2.89046e-3, 1.15919e-3, -1.00421e-4, -1.01936e-1, -1.84311e-2, 1.87009e-2, 1.55233e-2),
    (-3.18017e-3, -2.72849e-3, 1.11303e-4, 6.00754e-1, -1.57218e-2, 1.55233e-2, 7.23568e-1),
)
LARGEST_NOISE = 10.0
"""mg/dL: a sensor drawn with more noise than this is drawn again, as the model's authors do."""

NOISE_SCALE = 1.35
NOISE_FREEDOM = 4.0
"""Noise at home over the model's, and degrees of freedom of its Student innovations: chosen so that successive
five-minute changes correlate as little, and are now and then as large, as in AZT1D."""
DIPS_PER_DAY = 1.71
"""Readings that sag for a while under pressure on the sensor: A. Emami, R. Rabasa-Lhoret, A. Haidar, "Enhancing glucose
sensor models: modeling the drop-outs", Diabetes Technology & Therapeutics (2015)."""
DIP_DEPTH, DIP_DEPTH_SPREAD = 12.0, 0.7
DIP_RECORDS = (3, 10)
"""Median (mg/dL) and log-SD of a dip's depth, and its length from the first to below the second (chosen)."""

SINGLE_LOSSES_PER_DAY = 0.5
LONGER_LOSSES_PER_DAY = 0.2
LONGER_LOSS_RECORDS, LONGER_LOSS_SPREAD = 7.0, 1.0
"""Losses of signal, and median length (records) and log-SD of the longer ones: as in AZT1D, with 0.9 gaps a day, six in
ten of them a single reading, and 2 % of readings missing."""


@dataclass(frozen=True)
class SensorErrors:
    """What the sensor adds, [record]: reading = gain * interstitial glucose + addition (mg/dL), where it reads."""

    gain: npt.NDArray[np.float32]
    addition: npt.NDArray[np.float32]
    reads: npt.NDArray[np.bool_]


def sensor_errors(seed: int, wearer: int, records: int) -> SensorErrors:
    """Errors and gaps of all sensors that a wearer uses during so many records; the first is partly used up."""
    first_age = int(stream(seed, wearer, Topic.sensor).integers(SENSOR_RECORDS))
    sensors = (first_age + records - 1) // SENSOR_RECORDS + 1
    gain, addition = np.empty((2, sensors, SENSOR_RECORDS), dtype=np.float32)
    reads = np.ones((sensors, SENSOR_RECORDS), dtype=np.bool_)
    reads[:, :WARM_UP_RECORDS] = False
    for sensor in range(sensors):
        _draw_sensor(stream(seed, wearer, Topic.sensor, sensor + 1), gain[sensor], addition[sensor])
        _lose_readings(stream(seed, wearer, Topic.gaps, sensor), reads[sensor])
    used = slice(first_age, first_age + records)
    return SensorErrors(gain.reshape(-1)[used], addition.reshape(-1)[used], reads.reshape(-1)[used])


def _draw_sensor(chance: np.random.Generator, gain: npt.NDArray[np.float32], addition: npt.NDArray[np.float32]) -> None:
    a0, a1, a2, b0, lag1, lag2, innovation = _draw_parameters(chance)
    days = np.arange(SENSOR_RECORDS) / RECORDS_PER_DAY
    gain[:] = a0 + a1 * days + a2 * days**2
    innovations = chance.standard_t(NOISE_FREEDOM, SENSOR_RECORDS) * np.sqrt(1.0 - 2.0 / NOISE_FREEDOM)
    addition[:] = b0 + _autoregression(NOISE_SCALE * innovation * innovations, lag1, lag2)
    for start in chance.integers(SENSOR_RECORDS, size=chance.poisson(DIPS_PER_DAY * SENSOR_DAYS)):
        dip = _draw_dip(chance)[: SENSOR_RECORDS - start]
        addition[start : start + len(dip)] -= dip


def _draw_dip(chance: np.random.Generator) -> npt.NDArray[np.float64]:
    """Half a sine, [record]."""
    depth = DIP_DEPTH * np.exp(DIP_DEPTH_SPREAD * chance.standard_normal())
    length = int(chance.integers(*DIP_RECORDS))
    return np.asarray(depth * np.sin(np.pi * np.arange(1, length + 1) / (length + 1)))


def _draw_parameters(chance: np.random.Generator) -> npt.NDArray[np.float64]:
    while True:
        drawn = chance.multivariate_normal(PARAMETER_MEANS, PARAMETER_COVARIANCE, method="cholesky")
        if drawn[6] > 0.0 and noise_deviation(*drawn[4:]) <= LARGEST_NOISE:
            return drawn


def noise_deviation(lag1: float, lag2: float, innovation: float) -> float:
    """Standard deviation (mg/dL) of second-order autoregressive noise; infinite where it is not stationary."""
    if abs(lag2) >= 1.0 or lag2 + abs(lag1) >= 1.0:
        return float("inf")
    variance = (1.0 - lag2) / ((1.0 + lag2) * ((1.0 - lag2) ** 2 - lag1**2))
    return float(innovation * np.sqrt(variance))


@compiled
def _autoregression(innovations: npt.NDArray[np.float64], lag1: float, lag2: float) -> npt.NDArray[np.float64]:
    noise = np.empty_like(innovations)
    before, before_that = 0.0, 0.0
    for i in range(len(innovations)):
        noise[i] = lag1 * before + lag2 * before_that + innovations[i]
        before, before_that = noise[i], before
    return noise


def _lose_readings(chance: np.random.Generator, reads: npt.NDArray[np.bool_]) -> None:
    """Lose single readings and longer stretches, at random times."""
    singles = chance.integers(SENSOR_RECORDS, size=chance.poisson(SINGLE_LOSSES_PER_DAY * SENSOR_DAYS))
    reads[singles] = False
    for start in chance.integers(SENSOR_RECORDS, size=chance.poisson(LONGER_LOSSES_PER_DAY * SENSOR_DAYS)):
        length = LONGER_LOSS_RECORDS * np.exp(LONGER_LOSS_SPREAD * chance.standard_normal())
        reads[start : start + int(np.ceil(length))] = False


@compiled
def displayed(glucose: float) -> float:
    """The whole number that the sensor shows for glucose (mg/dL)."""
    shown = np.round(glucose)
    if shown < LOWEST_READING:
        return BELOW_RANGE
    if shown > HIGHEST_READING:
        return ABOVE_RANGE
    return float(shown)
