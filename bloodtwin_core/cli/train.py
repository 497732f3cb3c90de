"""The stage trained_checkpoint, without Dagster.

Another process, container or node can train this way: it needs the folder {artifacts}/{model.name} with windows and
scaler, and leaves there what the asset leaves. The file of settings, YAML or JSON, holds the groups data, model,
training, evaluation and export; what it leaves out keeps its default. A training that was broken off goes on from its
last epoch.
"""

import argparse
import logging
import sys
from contextlib import redirect_stdout
from pathlib import Path

from bloodtwin_core.cli.settings import add_set_option
from bloodtwin_core.cli.signals import interrupts_as_such
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.common.locks import Owner
from bloodtwin_core.common.logged import logged_to
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.run_config import read_run_config, with_assignments
from bloodtwin_core.pipeline.training import train_stage
from bloodtwin_core.training import FittedModel


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin train` takes."""
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings as YAML or JSON")
    add_set_option(parser, "any setting, such as training.max_epochs=5")
    parser.add_argument(
        "--artifacts", type=Path, metavar="FOLDER", help="folder of all models' artifacts (default: as the file says)"
    )
    parser.add_argument(
        "--wait", action="store_true", help="wait for another run at work in the same folder, rather than fail at once"
    )


def run(given: argparse.Namespace) -> None:
    """Train and print the checkpoint's path. Raises SettingsError, and what train_stage raises."""
    config = with_assignments(read_run_config(given.config), given.set)
    try:
        settings = config.settings()
    except SettingsError as error:
        raise SettingsError(f"{given.config}: {error}") from None
    root = given_path(given.artifacts or config.root)
    owner = Owner(what="bloodtwin train", waits=given.wait or config.wait)
    store = ArtifactStore(root / settings.model.name, owner)
    store.join(config.shared)
    # Lightning draws its bar on stdout, which here is for the result alone.
    with logged_to(logging.StreamHandler(sys.stderr)), redirect_stdout(sys.stderr), interrupts_as_such():
        fitted = train_stage(store, settings)
    sys.stdout.write(_summary(fitted))


def _summary(fitted: FittedModel) -> str:
    best = fitted.best
    return f"{fitted.checkpoint}: epoch {best.epoch}, val_mae {best.val_mae:.3f} mg/dL, sha256 {fitted.sha256}\n"
