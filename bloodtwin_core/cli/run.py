"""Run the whole graph, or a part of it: from records to a trained, tested and exported forecaster with its report.

Without WHERE and --config virtual wearers are simulated. WHERE is a folder of your own data or the address of a
Nightscout site; the source is recognised, as by `bloodtwin forecast`. A file of settings may hold groups alone
(training: {max_epochs: 5}) or Dagster's whole run config; without --config it is the one that BLOODTWIN_CONFIG names.
Everything that is said on the way is kept in a log file, and a training that was broken off goes on.

  bloodtwin run my-exports --zone Europe/Berlin --start-from pretrained
  bloodtwin run --config my.yaml --set training.max_epochs=5
  bloodtwin run --select evaluation_report
"""

import argparse
import json
import os
import sys
import time
from datetime import datetime
from pathlib import Path

from bloodtwin_core.cli.child import lines_of, started
from bloodtwin_core.cli.dagster_home import HOME_VARIABLE, LOGS, dagster_home, forget_old_logs
from bloodtwin_core.cli.run_log import RunLog
from bloodtwin_core.cli.run_settings import CONFIG_VARIABLE, run_config
from bloodtwin_core.cli.settings import add_pump_option, add_set_option
from bloodtwin_core.cli.shown_unit import add_unit_option
from bloodtwin_core.cli.stage_progress import StageProgress
from bloodtwin_core.common.errors import BloodTwinError, SettingsError
from bloodtwin_core.common.extras import require_installed
from bloodtwin_core.common.files import storage_errors
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.run_config import RunConfig

_GRAPH = "dagster"
_LONGEST_NAME = 40


class RunFailed(BloodTwinError):
    """A run ended without what was asked for; the message is its cause."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin run` takes."""
    parser.add_argument("where", metavar="WHERE", nargs="?", help="folder of your own data, or a Nightscout address")
    parser.add_argument("--source", metavar="NAME", help="the source, where it is not recognised")
    parser.add_argument("--zone", default="", metavar="ZONE", help="the wearer's time zone, such as Europe/Berlin")
    add_pump_option(parser, "only this pump")
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings as YAML or JSON")
    add_set_option(parser, "any setting, such as training.max_epochs=5")
    parser.add_argument(
        "--start-from", metavar="MODEL", help="weights to go on from: pretrained (the base model), or a checkpoint"
    )
    add_unit_option(parser, "evaluation.unit; default: mg/dL")
    parser.add_argument("--select", default="*", metavar="STAGES", help="the part of the graph to run (default: all)")
    parser.add_argument("--artifacts", metavar="FOLDER", help="folder of all models' artifacts")
    parser.add_argument(
        "--wait", action="store_true", help="wait for another run at work in the same folder, rather than fail at once"
    )


def run(given: argparse.Namespace) -> None:
    """Run the graph in a child process. Raises SettingsError, StorageError or RunFailed."""
    require_installed(_GRAPH)
    config = run_config(given)
    settings = config.settings()
    store = ArtifactStore(given_path(config.root) / settings.model.name)
    home = dagster_home()
    forget_old_logs(home, settings.publishing.keep_run_days)
    log_file = home / LOGS / f"{datetime.now():%Y-%m-%dT%H-%M-%S}-{settings.model.name[:_LONGEST_NAME]}.log"
    begun = time.monotonic()
    try:
        log, exit_code = _materialize(config, given.select, home, log_file)
    except (KeyboardInterrupt, SystemExit):
        sys.stderr.write(f"Log: {log_file}\n")
        raise
    # What a closing screen rests on takes a second to import, in which a wrong setting has long been said.
    from bloodtwin_core.cli.closing import cause_of, closing

    if exit_code != 0:
        sys.stderr.write(f"What was finished stands. Log: {log_file}\n")
        wrong_setting = log.cause is not None and log.cause.is_wrong_setting
        raise SettingsError(cause_of(log)) if wrong_setting else RunFailed(cause_of(log))
    sys.stdout.write(closing(log, store, settings, time.monotonic() - begun, log_file))


def _materialize(config: RunConfig, select: str, home: Path, log_file: Path) -> tuple[RunLog, int]:
    """Run Dagster's command; everything it says goes to the log file, what matters to the terminal."""
    command = [sys.executable, "-u", "-m", "dagster", "asset", "materialize", "--select", select]
    command += ["-m", "bloodtwin_assets", "--config-json", json.dumps(config.for_dagster())]
    # Every setting is in the run config already; the child must not fill in what it leaves out from the file again.
    environment = {**os.environ, CONFIG_VARIABLE: "", HOME_VARIABLE: str(home), "PYTHONUNBUFFERED": "1"}
    log = RunLog()
    with (
        storage_errors(log_file),
        log_file.open("w", buffering=1, encoding="utf-8") as kept,
        StageProgress() as shown,
        started(command, environment) as child,
    ):
        for line in lines_of(child):
            kept.write(line)
            shown.show(log, finished=log.hear(line.rstrip("\n")))
    return log, child.returncode
