"""`python -m benchmarks [--full]`: measure, print a table, write artifacts/bench.json."""

import argparse
import logging
import platform
import sys
import tempfile
from collections.abc import Callable, Iterator
from importlib.metadata import version
from pathlib import Path

from benchmarks.common.data import prepared
from benchmarks.common.rows import Row, table, write_json
from benchmarks.evaluation.testing import TESTED, testing
from benchmarks.export.speed import exports
from benchmarks.pipeline.full_size import full_size
from benchmarks.pipeline.graph import graph_cost
from benchmarks.pipeline.growth import growth, hundredfold
from benchmarks.records.loading import loading
from benchmarks.serving.starting import starting
from benchmarks.sources.importing import importing
from benchmarks.training.gpu import gpu
from benchmarks.training.speed import MODEL, dense_against_windowed, share_outside_the_step, time_to_the_same_error
from bloodtwin_core.config import ModelSettings, TrainingSettings
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.records import records_stage
from bloodtwin_core.pipeline.scaler import scaler_stage
from bloodtwin_core.pipeline.training import train_stage
from bloodtwin_core.pipeline.upstream import stored_checkpoint
from bloodtwin_core.pipeline.windows import windows_stage
from bloodtwin_core.sources.settings import settings_model
from bloodtwin_core.training.compute import usable_cores

Measurement = Callable[[], list[Row]]
QUICK_PUMPS, FULL_PUMPS = (20_000,) * 2, (8_000,) * 20
"""Records per pump: a few months, and about as many people and records as AZT1D."""
PACKAGES = ("torch", "lightning", "numpy", "onnxruntime", "dagster")
QUICK_EPOCHS, QUICK_WINDOWS = 5, 1_500


def measurements(full: bool, folder: Path) -> Iterator[tuple[str, Measurement]]:
    """Each measurement with the name that is shown while it runs."""
    small = prepared(FULL_PUMPS if full else QUICK_PUMPS, folder / "small")
    epochs = TrainingSettings().max_epochs if full else QUICK_EPOCHS
    checkpoint = _trained(folder / "small", folder / "trained", MODEL, epochs)
    without_attention = MODEL.model_copy(update={"attention": False})
    plain = _trained(folder / "small", folder / "plain", without_attention, QUICK_EPOCHS)
    threads = usable_cores()
    timed = TESTED if full else QUICK_WINDOWS
    yield "reading records", lambda: loading(folder / "loading")
    yield "starting the forecaster", starting
    yield "importing events", lambda: importing(folder / "importing")
    yield "dense against windowed mode", lambda: dense_against_windowed(small)
    yield "time to the same error", lambda: time_to_the_same_error(small, folder / "same_error")
    yield "what surrounds a step", lambda: [share_outside_the_step(small, folder / "share")]
    yield "testing", lambda: testing(checkpoint.forecaster, plain.forecaster, small, threads, timed)
    yield "exports", lambda: exports(checkpoint, small, folder)
    yield "Dagster's own cost", lambda: graph_cost(folder / "graph")
    yield "growth", lambda: growth(folder / "growth")
    if full:
        yield "a hundred times the records", lambda: hundredfold(folder / "growth")
        yield "full size", lambda: full_size(folder / "full_size")
    yield "GPU", lambda: gpu(folder / "gpu")


def _trained(split_files: Path, folder: Path, model: ModelSettings, epochs: int) -> Checkpoint:
    """A network of the split files in a folder, trained by the stages of a run."""
    groups = {
        "data": {"source": "bloodbank", "root": str(split_files)},
        "model": model.model_dump(),
        "training": {"max_epochs": epochs},
    }
    store, settings = ArtifactStore(folder), settings_model().model_validate(groups)
    for stage in (records_stage, scaler_stage, windows_stage, train_stage):
        stage(store, settings)
    return stored_checkpoint(store)


def main() -> None:
    """The command."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="full size, 15 minutes; without it under 5")
    parser.add_argument("--out", type=Path, default=Path("artifacts/bench.json"), help="where the rows go as JSON")
    arguments = parser.parse_args()
    logging.basicConfig(level=logging.WARNING)
    rows: list[Row] = []
    with tempfile.TemporaryDirectory(prefix="bloodtwin-bench-") as folder:
        for name, measurement in measurements(arguments.full, Path(folder)):
            sys.stderr.write(f"measuring: {name}\n")
            rows += measurement()
            write_json(rows, arguments.out)
    sys.stdout.write(f"{table(rows)}\n\n{_machine()}\n")


def _machine() -> str:
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    processor = platform.processor() or platform.machine()
    return f"{usable_cores()} cores, {processor}, Python {platform.python_version()}, {packages}"


if __name__ == "__main__":
    main()
