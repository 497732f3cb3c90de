"""How long the forecaster takes to import, and its memory, beside the libraries that it cannot do without."""

import statistics
import subprocess
import sys
import time

from benchmarks.common.rows import Row, below

LIBRARIES = "import numpy, onnxruntime, pydantic"
SERVING = "import bloodtwin_core.serving"
MEMORY = "import resource, sys; sys.stdout.write(str(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss))"
RUNS = 7


def starting() -> list[Row]:
    """Both in turns, each in a process of its own; medians count."""
    libraries, serving = [], []
    for _ in range(RUNS):
        libraries.append(_started(LIBRARIES))
        serving.append(_started(SERVING))
    seconds, memory = (
        statistics.median(run[place] for run in serving) / statistics.median(run[place] for run in libraries)
        for place in (0, 1)
    )
    return [
        below("time to import the forecaster / numpy, onnxruntime and pydantic alone", seconds, "times", 1.5),
        below("memory of the same", memory, "times", 1.3),
    ]


def _started(imports: str) -> tuple[float, float]:
    """Seconds and peak memory of a process that only imports."""
    began = time.perf_counter()
    done = subprocess.run([sys.executable, "-c", f"{imports}; {MEMORY}"], check=True, stdout=subprocess.PIPE, text=True)
    return time.perf_counter() - began, float(done.stdout)
