"""Published versions and forecasts that tests of publishing make themselves."""

from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import numpy as np

from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.evaluation.forecasts import TestForecasts
from bloodtwin_core.publishing.manifest import Code, Learnt, VersionManifest
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.records.raw_splits import RawPumpSplits
from tests.core.evaluation.hand_made import forecasts_of

NOW = datetime(2026, 1, 5, 4, 0, tzinfo=UTC)


def version(name: str, files: dict[str, Path], checkpoint: str = "c" * 64) -> VersionManifest:
    return VersionManifest(
        version=name,
        published=NOW,
        run="a run",
        checkpoint_sha256=checkpoint,
        started_from="",
        data_fingerprint="d" * 64,
        data=RawPumpSplits(source="simulator", files=()),
        settings={},
        code=Code(version="0.1.0", sha256="e" * 64, python="3.11", packages={}),
        learnt={"a": Learnt(first=datetime(2025, 1, 1), last=datetime(2025, 12, 1))},
        files={file: sha256_of(path) for file, path in files.items()},
        mae=12.5,
    )


def publish(store: PublishedStore, folder: Path, content: str) -> str:
    """A version of two small files that hold the content, in use at once."""
    folder.mkdir(exist_ok=True)
    files = {name: folder / name for name in ("model.onnx", "best.ckpt")}
    for path in files.values():
        path.write_text(content)
    checkpoint = sha256_of(files["best.ckpt"])
    name = store.next_version(checkpoint)
    store.add(version(name, files, checkpoint), files)
    store.switch(name, f"holds {content}", NOW)
    return name


def forecasts(error: float, seed: int = 0, days: int = 10, pumps: int = 2, glucose: float = 140.0) -> TestForecasts:
    """Forecasts whose errors spread so far (mg/dL) around a glucose that persistence misses by about 20."""
    random = np.random.default_rng(0)
    target = glucose + random.normal(0, 20, (days * pumps * 48, 12))
    wrong = np.random.default_rng(seed).normal(0, error, target.shape)
    return forecasts_of(target, target + wrong, np.full_like(target, glucose), days, pumps)


def with_lows(made: TestForecasts, announced: bool) -> TestForecasts:
    """The same with a low in every day, which the model announces or not."""
    target, model = np.array(made.target), np.array(made.model)
    day = made.timestamp.astype("datetime64[D]")
    first = np.flatnonzero(np.concatenate([[True], (day[1:] != day[:-1]) | (made.pump[1:] != made.pump[:-1])]))
    for start in first:
        for window in range(start, start + 40):
            for step in range(12):
                low = 20 <= window + step + 1 - start < 26
                target[window, step] = 60.0 if low else 120.0
                model[window, step] = 60.0 if low and announced else 119.0
    return replace(made, target=target, model=model, last=np.full(len(made), 120.0, dtype=np.float32))
