"""Give many people a model of their own: a copy of a finished model, fine-tuned on each pump's records alone.

They are the pumps of the setting people.pump_ids, or those of --pump, from data.source; what they begin with is
people.start_from, the published version or the base model. As many processes as people.workers says take one pump
after the other. A pump that fails stops no other, and what failed is told at the end; the same command goes on where
the first one ended. The models lie in artifacts/{model.name}/people/, a folder for each pump.

  bloodtwin personalise --config clinic.yaml
  bloodtwin personalise --config clinic.yaml --pump 881235 --set people.start_from=pretrained
"""

import argparse
import os
import sys
from pathlib import Path

from tqdm import tqdm

from bloodtwin_core.cli.progress_bar import progress_bar
from bloodtwin_core.cli.run_settings import CONFIG_VARIABLE
from bloodtwin_core.cli.settings import add_pump_option, add_set_option
from bloodtwin_core.cli.signals import interrupts_as_such
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.common.locks import Owner
from bloodtwin_core.common.progress import Step
from bloodtwin_core.config import Settings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.people.many import People, Person, people_stage
from bloodtwin_core.pipeline.run_config import RunConfig, read_run_config, with_assignments
from bloodtwin_core.publishing.store import PublishedStore


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin personalise` takes."""
    parser.add_argument("--config", type=Path, metavar="FILE", help="settings as YAML or JSON")
    add_set_option(parser, "any setting, such as people.workers=4")
    add_pump_option(parser, "this pump instead of people.pump_ids")
    parser.add_argument(
        "--artifacts", type=Path, metavar="FOLDER", help="folder of all models' artifacts (default: as the file says)"
    )


def run(given: argparse.Namespace) -> None:
    """Make the models and print what became of them. Raises SettingsError, PeopleFailed if some have none."""
    named = given.config or Path(os.environ.get(CONFIG_VARIABLE) or "")
    config = read_run_config(named) if named != Path() else RunConfig({})
    config = with_assignments(config, given.set)
    settings = config.settings()
    root = given_path(given.artifacts or config.root)
    store = ArtifactStore(root / settings.model.name, Owner(what="bloodtwin personalise"))
    store.join(config.shared)
    PublishedStore(store.published).refresh()
    with interrupts_as_such():
        people = _made(store, given.pump or settings.people.pump_ids, settings)
    sys.stdout.write(f"{people}\n{store.people}\n")
    sys.stdout.flush()
    people.require_all()


def _made(store: ArtifactStore, pump_ids: list[str], settings: Settings) -> People:
    done = 0
    with progress_bar() as show:

        def tell(person: Person) -> None:
            nonlocal done
            done += 1
            show(Step(done, len(pump_ids), f"pump {person.pump_id}"))
            if person.failure:
                tqdm.write(f"pump {person.pump_id}: {person.failure}", file=sys.stderr)

        return people_stage(store, settings, pump_ids, tell)
