"""Each recorded file changed in five ways: whoever reads it notices."""

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from benchmarks.survival.runs import small_settings
from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.exports import onnx_parity, streaming_parity, torchscript_parity
from bloodtwin_core.pipeline.records import check_records
from bloodtwin_core.pipeline.upstream import (
    current_raw_splits,
    current_scaler,
    current_windows,
    stored_checkpoint,
    stored_forecasts,
    stored_personal,
    stored_results,
)
from bloodtwin_core.pipeline.verifying import faults_of

Change = Callable[[Path, Path, Path], None]
"""A file, its neighbour, and the same file of last week's run."""
Reader = Callable[[ArtifactStore], object]


def _byte(path: Path, _neighbour: Path, _before: Path) -> None:
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)


def _number(path: Path, _neighbour: Path, _before: Path) -> None:
    """One digit becomes another, or in a binary file a few bytes do."""
    content = bytearray(path.read_bytes())
    place = next((at for at in range(len(content) - 1, 0, -1) if content[at] in b"123456789"), len(content) - 1)
    content[place] = ord("1") if content[place] != ord("1") else ord("2")
    path.write_bytes(content)


def _exchanged(path: Path, neighbour: Path, _before: Path) -> None:
    mine, other = path.read_bytes(), neighbour.read_bytes()
    path.write_bytes(other)
    neighbour.write_bytes(mine)


def _cut(path: Path, _neighbour: Path, _before: Path) -> None:
    content = path.read_bytes()
    path.write_bytes(content[: len(content) * 2 // 3])


def _last_weeks(path: Path, _neighbour: Path, before: Path) -> None:
    shutil.copyfile(before, path)


CHANGES: dict[str, Change] = {
    "a byte": _byte,
    "a number": _number,
    "exchanged with its neighbour": _exchanged,
    "cut": _cut,
    "last week's": _last_weeks,
}


def _windows(store: ArtifactStore) -> object:
    return current_windows(store, small_settings(1).data)


def _scaler(store: ArtifactStore) -> object:
    return current_scaler(store, current_raw_splits(store, small_settings(1).data))


READERS: tuple[tuple[str, Reader], ...] = (
    ("pump_splits/", lambda store: check_records(store, small_settings(1).data)),
    ("raw_pump_splits.json", lambda store: current_raw_splits(store, small_settings(1).data)),
    ("scaler.", _scaler),
    ("windows/", _windows),
    ("checkpoints/personal/", stored_personal),
    ("checkpoints/best.ckpt", stored_checkpoint),
    ("test_results.yaml", stored_results),
    ("test_forecasts/", stored_forecasts),
    ("model.ts", lambda store: torchscript_parity(store, small_settings(1))),
    ("model.onnx", lambda store: onnx_parity(store, small_settings(1))),
    ("model_streaming.onnx", lambda store: streaming_parity(store, small_settings(1))),
    ("", faults_of),
)
"""Who reads a file, by how its path begins; what only a person looks at, `bloodtwin verify` reads."""


def changed_files(before: Path, last_week: Path, scratch: Path) -> Iterator[tuple[str, bool]]:
    """Each change of each file that stages left in before, and whether its reader noticed."""
    names = _names(before)
    for place, name in enumerate(names):
        neighbour = names[(place + 1) % len(names)]
        for what, change in CHANGES.items():
            folder = scratch / "changed"
            shutil.rmtree(folder, ignore_errors=True)
            shutil.copytree(before, folder)
            content = (folder / name).read_bytes()
            change(folder / name, folder / neighbour, last_week / name)
            if (folder / name).read_bytes() != content:
                yield f"{name}: {what}", noticed(ArtifactStore(folder), name)


def noticed(store: ArtifactStore, name: str) -> bool:
    """Whether the reader of a file refuses it in words, or tells of it."""
    reader = next(reader for beginning, reader in READERS if name.startswith(beginning))
    try:
        return bool(reader(store)) and reader is faults_of
    except ArtifactMissing:
        return True


def _names(folder: Path) -> list[str]:
    under_way = ("tensorboard", "in_progress")
    files = (path.relative_to(folder) for path in sorted(folder.rglob("*")) if path.is_file())
    return [file.as_posix() for file in files if file.parts[0] not in under_way]
