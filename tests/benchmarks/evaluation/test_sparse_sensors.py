"""The study of sensors with a reading every 15 minutes: what is taken away, and that the origin's reading stays."""

from dataclasses import replace

import numpy as np

from benchmarks.evaluation.sparse_sensors import Case, thinned, with_lines
from bloodtwin_core.records import WALL_TIME, Feature, records_from_signals
from bloodtwin_core.serving.intake import taken


def test_every_third_reading_stays_and_lines_come_between() -> None:
    times = np.datetime64("2024-01-01", "s") + np.arange(12) * np.timedelta64(300, "s")
    glucose, unknown = 100.0 + np.arange(12) ** 2, np.full(12, np.nan)
    records = replace(records_from_signals("p", times, glucose, unknown, unknown), wearer_zone=WALL_TIME)
    slow = thinned(records)
    assert np.flatnonzero(np.isfinite(slow.feature(Feature.bg))).tolist() == [0, 2, 5, 8, 11]
    taken(slow)
    [made] = with_lines([Case(slow, glucose[-1], (0.0, 0.0))])
    np.testing.assert_allclose(made.records.feature(Feature.bg)[[0, 1, 2, 3, 11]], [100, 102, 104, 111, 221], rtol=1e-6)
