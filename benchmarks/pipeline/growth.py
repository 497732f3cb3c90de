"""How the cost of an epoch grows with the records, up to a series larger than the memory allowed for it."""

from pathlib import Path

from benchmarks.common.child import measure
from benchmarks.common.data import FULL_SIZE
from benchmarks.common.rows import Row, below, noted

STEPS_PROGRAM = "benchmarks.training.steps"
ALLOWED_MIB = 256
"""training.series_memory_mib of the run whose series is larger than that."""
STEPS_OF_HUNDREDFOLD = 40


def growth(folder: Path) -> list[Row]:
    """An epoch over a tenth of the full size and over all of it."""
    full = sum(FULL_SIZE) * 7 // 10
    tenth = _epoch(folder, full // 10)
    whole = _epoch(folder, full)
    grown = whole["anonymous_mib"] - tenth["anonymous_mib"]
    return [
        below("ten times the records: time per epoch", whole["seconds"] / tenth["seconds"], "times", 10.5),
        noted("ten times the records: more memory", grown, "MiB"),
        noted("of it, the series itself", whole["series_mib"] - tenth["series_mib"], "MiB"),
    ]


def hundredfold(folder: Path) -> list[Row]:
    """Training steps on 100 times the full size, read from its file."""
    found = measure(STEPS_PROGRAM, str(folder), str(sum(FULL_SIZE) * 100), str(STEPS_OF_HUNDREDFOLD), str(ALLOWED_MIB))
    one = measure(STEPS_PROGRAM, str(folder), str(sum(FULL_SIZE)), str(STEPS_OF_HUNDREDFOLD), str(ALLOWED_MIB))
    more = found["anonymous_mib"] - one["anonymous_mib"]
    # Besides the series there is one flag a record, and the forecast origins are read from their file in the graph.
    return [
        noted("100 times the records: series in its file", found["series_mib"], "MiB"),
        below("100 times the records: memory beyond that of full size", more, "MiB", found["series_mib"]),
        noted("100 times the records: forecasts/s", found["forecasts"] / found["seconds"], "forecasts/s"),
        noted("full size, same number of steps", one["forecasts"] / one["seconds"], "forecasts/s"),
    ]


def _epoch(folder: Path, records: int) -> dict[str, float]:
    return min((measure(STEPS_PROGRAM, str(folder), str(records), "0", "1024") for _ in range(2)), key=_seconds)


def _seconds(found: dict[str, float]) -> float:
    return found["seconds"]
