"""Train neuralforecast's LSTM and NHITS and bloodTwin on the same windows in one run, and print one table.

README.md beside this file has the commands. Nothing under the artifacts folder is written to.
"""

import argparse
import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict, dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
import yaml
from forecasters import VARIANTS, forecast, train
from measures import Errors, Spent
from windows import Windows

HERE = Path(__file__).resolve().parent
BLOODTWIN = HERE.parent.parent
SAME = 1e-3
"""mg/dL by which persistence may differ from bloodTwin's figure before the windows count as different."""


@dataclass(frozen=True)
class Row:
    """One forecaster. training and testing are None where it was not timed in this run."""

    name: str
    errors: Errors
    training: Spent | None
    testing: Spent | None
    note: str


def main() -> int:
    """The command."""
    arguments = _arguments()
    torch.set_num_threads(arguments.threads)
    # The gradient of a network that reads 288 records fades into numbers so small that the processor handles them
    # ten times slower than ordinary ones; taken as 0 they change no result.
    torch.set_flush_denormal(True)
    windows = Windows.read(arguments.artifacts / "windows")
    load_at_start = os.getloadavg()
    rows = _reference(windows, arguments.artifacts)
    if not arguments.skip_bloodtwin:
        rows.append(_bloodtwin(arguments))
    for name in arguments.only or VARIANTS:
        rows.append(_neuralforecast(name, windows, arguments))
        _write(arguments.out, rows, _machine(arguments, len(windows.test_origins), load_at_start))
    machine = _machine(arguments, len(windows.test_origins), load_at_start)
    _write(arguments.out, rows, machine)
    sys.stdout.write(f"{_table(rows)}\n\n{json.dumps(machine, indent=2)}\n")
    return 0


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("artifacts", type=Path, help="a finished run of bloodTwin: artifacts/bloodtwin_unified_lstm")
    parser.add_argument("--out", type=Path, default=Path("artifacts/neuralforecast.json"), help="where the JSON goes")
    parser.add_argument("--minutes", type=float, default=10.0, help="processor time per thread and training, at most")
    parser.add_argument("--threads", type=int, default=2, help="threads of each training; 1 where others use the cores")
    parser.add_argument("--seed", type=int, default=42)
    parser.add_argument("--skip-bloodtwin", action="store_true", help="keep to its stored results")
    parser.add_argument("--only", nargs="+", choices=list(VARIANTS), help="these forecasters alone")
    return parser.parse_args()


def _reference(windows: Windows, artifacts: Path) -> list[Row]:
    """Persistence, computed here, and bloodTwin's stored result.

    Raises ValueError if bloodTwin's own figure for persistence differs: then the windows are not the same.
    """
    persistence = Errors.of(windows.test_persistence, windows.test_targets)
    results = yaml.safe_load((artifacts / "test_results.yaml").read_text())["complete"]
    stored = {name: _stored(results["pooled"][name]) for name in ("persistence", "model")}
    figures = zip(_values(persistence), _values(stored["persistence"]), strict=True)
    apart = max(abs(here - there) for here, there in figures)
    if apart > SAME or results["windows"] != len(windows.test_origins):
        raise ValueError(f"persistence differs from {artifacts}/test_results.yaml by {apart:.4f} mg/dL: other windows")
    epochs = json.loads((artifacts / "checkpoints" / "learning_curve.json").read_text())
    seconds = sum(epoch["seconds"] for epoch in epochs)
    return [
        Row("persistence", persistence, None, None, f"within {apart:.5f} mg/dL of bloodTwin's own figure"),
        Row("bloodTwin, stored", stored["model"], None, None, f"{len(epochs)} epochs in {seconds:.0f} s, another run"),
    ]


def _stored(metrics: dict[str, float]) -> Errors:
    return Errors(
        mae_at_30=metrics["test_mae_at_30min"],
        mae_at_60=metrics["test_mae_at_60min"],
        mae_mean_60=metrics["test_mae_60min"],
        rmse_at_60=metrics["test_rmse_at_60min"],
    )


def _values(errors: Errors) -> list[float]:
    return list(asdict(errors).values())


def _bloodtwin(arguments: argparse.Namespace) -> Row:
    command = [BLOODTWIN / ".venv/bin/python", HERE / "bloodtwin_run.py", arguments.artifacts.resolve()]
    answer = subprocess.run(
        [str(part) for part in (*command, arguments.threads, arguments.seed)],
        cwd=BLOODTWIN,
        stdout=subprocess.PIPE,
        check=True,
        text=True,
    )
    found = json.loads(answer.stdout.splitlines()[-1])
    training, testing = Spent(**found["training"]), Spent(**found["testing"])
    return Row("bloodTwin", Errors(**found["errors"]), training, testing, found["note"])


def _neuralforecast(name: str, windows: Windows, arguments: argparse.Namespace) -> Row:
    trained = train(windows, VARIANTS[name], 60 * arguments.minutes * arguments.threads, arguments.seed)
    forecasts, testing = forecast(trained, windows)
    note = (
        f"{trained.steps} steps, {trained.windows_drawn:,} windows, best step {trained.best_step}, "
        f"validation MAE {trained.validation_mae:.2f}"
    )
    errors = Errors.of(forecasts, windows.test_targets)
    return Row(f"neuralforecast {name}", errors, trained.spent, testing, note)


def _machine(arguments: argparse.Namespace, windows: int, load_at_start: tuple[float, ...]) -> dict[str, Any]:
    return {
        "processor": torch.cpu.get_capabilities().get("architecture", platform.machine()),
        "cores": os.cpu_count(),
        "threads": arguments.threads,
        "seed": arguments.seed,
        "complete_test_windows": windows,
        "load_average_at_start": np.round(load_at_start, 2).tolist(),
        "load_average_at_end": np.round(os.getloadavg(), 2).tolist(),
        "python": platform.python_version(),
        "packages": {package: version(package) for package in ("neuralforecast", "torch", "pytorch-lightning")},
    }


def _write(out: Path, rows: list[Row], machine: dict[str, Any]) -> None:
    out.parent.mkdir(parents=True, exist_ok=True)
    temporary = out.with_name(out.name + ".tmp")
    temporary.write_text(json.dumps({"machine": machine, "rows": [asdict(row) for row in rows]}, indent=2) + "\n")
    temporary.replace(out)


def _table(rows: list[Row]) -> str:
    persistence = rows[0].errors
    lines = [
        "| | MAE AT 30 | MAE AT 60 | MAE MEAN 60 | RMSE AT 60 | skill AT 30 / AT 60 | s to train (processor) | "
        "s to test (processor) | |",
        "|---" * 9 + "|",
    ]
    for row in rows:
        skill = (
            f"{row.errors.mae_at_30 / persistence.mae_at_30:.3f} / {row.errors.mae_at_60 / persistence.mae_at_60:.3f}"
        )
        cells = [row.name, *(f"{value:.2f}" for value in _values(row.errors)), skill]
        lines.append(f"| {' | '.join([*cells, _seconds(row.training), _seconds(row.testing), row.note])} |")
    return "\n".join(lines)


def _seconds(spent: Spent | None) -> str:
    return "" if spent is None else f"{spent.wall:.0f} ({spent.processor:.0f})"


if __name__ == "__main__":
    sys.exit(main())
