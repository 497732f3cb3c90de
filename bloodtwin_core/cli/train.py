"""`bloodtwin train --config settings.json`: the stage trained_checkpoint, without Dagster.

Another process, container or node can train this way: it needs the folder {artifacts}/{model.name} with windows and
scaler, and leaves there what the asset leaves. settings.json holds the groups data, model, training, evaluation and
export; what it leaves out keeps its default. A training that was broken off goes on from its last epoch.

Exit codes: 0 trained; 1 windows are missing or do not fit, or training failed; 2 the command or a setting is wrong;
130 interrupted; 143 terminated. An error is one line on stderr.
"""

import argparse
import logging
import sys
from collections.abc import Sequence
from contextlib import redirect_stdout
from pathlib import Path

from pydantic import ValidationError

from bloodtwin_core.cli.signals import INTERRUPTED
from bloodtwin_core.common.errors import BloodTwinError, SettingsError, in_brief
from bloodtwin_core.common.locks import Owner
from bloodtwin_core.config import Settings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.training import train_stage
from bloodtwin_core.sources.settings import settings_model
from bloodtwin_core.training.fit import FittedModel

TRAINED, FAILED, BAD_USAGE = 0, 1, 2
PROGRAM = "bloodtwin train"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; arguments are those of the process by default."""
    given = _parser().parse_args(arguments)
    log = logging.getLogger("bloodtwin_core")
    handler = logging.StreamHandler(sys.stderr)
    log.addHandler(handler)
    log.setLevel(logging.INFO)
    try:
        settings = read_settings(given.config)
        owner = Owner(what=PROGRAM, waits=given.wait)
        store = ArtifactStore(given.artifacts.expanduser() / settings.model.name, owner)
        with redirect_stdout(sys.stderr):  # Lightning draws its bar on stdout, which here is for the result alone.
            fitted = train_stage(store, settings)
        sys.stdout.write(_summary(fitted))
    except SettingsError as error:
        return _failed(error, BAD_USAGE)
    except BloodTwinError as error:
        return _failed(error, FAILED)
    except (KeyboardInterrupt, SystemExit) as left:
        # Lightning makes exit code 1 of an interrupt.
        if isinstance(left, SystemExit) and not isinstance(left.__context__, KeyboardInterrupt):
            raise
        sys.stderr.write("interrupted; the same command goes on from the last finished epoch\n")
        return INTERRUPTED
    finally:
        log.removeHandler(handler)
    return TRAINED


def read_settings(path: Path) -> Settings:
    """The settings in a JSON file. Raises SettingsError if it cannot be read or a setting is wrong."""
    try:
        return settings_model().model_validate_json(path.read_bytes())
    except OSError as error:
        raise SettingsError(
            f"{path} cannot be read ({error.strerror}). Name a file of settings with --config"
        ) from error
    except ValidationError as error:
        raise SettingsError(f"{path}: {in_brief(error)}. Change it there") from error


def _parser() -> argparse.ArgumentParser:
    summary, details = (__doc__ or "").split("\n\n", 1)
    parser = argparse.ArgumentParser(
        prog=PROGRAM, description=summary, epilog=details, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--config", type=Path, required=True, metavar="FILE", help="settings as JSON")
    parser.add_argument(
        "--artifacts",
        type=Path,
        default=Path("artifacts"),
        metavar="FOLDER",
        help="folder of all models' artifacts (default: %(default)s)",
    )
    parser.add_argument(
        "--wait", action="store_true", help="wait for another run at work in the same folder, rather than fail at once"
    )
    return parser


def _summary(fitted: FittedModel) -> str:
    best = fitted.best
    return f"{fitted.checkpoint}: epoch {best.epoch}, val_mae {best.val_mae:.3f} mg/dL, sha256 {fitted.sha256}\n"


def _failed(error: Exception, code: int) -> int:
    sys.stderr.write(f"{' '.join(str(error).split())}\n")
    return code
