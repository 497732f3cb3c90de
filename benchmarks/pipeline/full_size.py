"""The whole path at full size: two pumps, 581,244 records, CSV to tested exports."""

from pathlib import Path

from benchmarks.common.child import measure
from benchmarks.common.data import FULL_SIZE, split_files
from benchmarks.common.rows import Row, below, noted
from bloodtwin_core.config import Settings
from bloodtwin_core.sources.settings import data_settings

STAGES = ("records", "windows", "training", "testing", "exports")


def full_size(folder: Path) -> list[Row]:
    """Existing split files to tested exports, default settings, in a process of its own."""
    split_files(FULL_SIZE, folder / "pumps")
    settings = Settings(data=data_settings(source="bloodbank", root=str(folder / "pumps")))
    (folder / "settings.json").write_text(settings.model_dump_json())
    found = measure("benchmarks.pipeline.whole_run", str(folder / "settings.json"), str(folder / "run"))
    return [
        below("full size, CSV to tested exports", found["seconds"] / 60, "min", 10),
        *(noted(f"of it, {stage}", found[stage], "s") for stage in STAGES),
        noted("epochs", found["epochs"], ""),
        below("full size, peak memory of the process", found["resident_mib"], "MiB", 2048),
    ]
