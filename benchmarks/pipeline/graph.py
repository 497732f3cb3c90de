"""Dagster's own cost: the whole graph on configs/smoke.yaml against the same work straight from core."""

import os
import subprocess
import sys
import time
from pathlib import Path

import yaml

from benchmarks.common.rows import Row, below, noted
from bloodtwin_core.config import Settings
from bloodtwin_core.sources.settings import settings_model

SMOKE = Path("configs/smoke.yaml")


def graph_cost(folder: Path) -> list[Row]:
    """Both as processes of their own, imports included; the faster of two runs counts."""
    core = min(_core(folder / f"core{number}") for number in range(2))
    graph = min(_graph(folder / f"graph{number}") for number in range(2))
    return [
        noted("configs/smoke.yaml straight from core", core, "s"),
        noted("configs/smoke.yaml as a Dagster run", graph, "s"),
        below("Dagster's own cost", graph - core, "s", 15),
    ]


def smoke_settings() -> Settings:
    """The settings of configs/smoke.yaml."""
    config = yaml.safe_load(SMOKE.read_text())
    return settings_model().model_validate(config["resources"]["settings"]["config"])


def _core(folder: Path) -> float:
    folder.mkdir(parents=True)
    (folder / "settings.json").write_text(smoke_settings().model_dump_json())
    return _seconds([sys.executable, "-m", "benchmarks.pipeline.whole_run", str(folder / "settings.json"), str(folder)])


def _graph(folder: Path) -> float:
    folder.mkdir(parents=True)
    config = yaml.safe_load(SMOKE.read_text())
    config["resources"]["artifacts"] = {"config": {"root": str(folder)}}
    (folder / "run.yaml").write_text(yaml.safe_dump(config))
    dagster = [sys.executable, "-m", "dagster", "asset", "materialize", "--select", "*", "-m", "bloodtwin_assets"]
    return _seconds([*dagster, "-c", str(folder / "run.yaml")])


def _seconds(command: list[str]) -> float:
    environment = {name: value for name, value in os.environ.items() if name != "DAGSTER_HOME"}
    began = time.perf_counter()
    subprocess.run(command, check=True, capture_output=True, env=environment)
    return time.perf_counter() - began
