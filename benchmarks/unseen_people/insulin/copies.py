"""A copy of a fold's network for each person left out, after so many days of their own, tested on their test days."""

import logging
from collections.abc import Iterator, Sequence
from pathlib import Path

from benchmarks.unseen_people.insulin.people import Everybody, is_brist1d
from benchmarks.unseen_people.writing import as_table
from bloodtwin_core.config import Settings, TrainingSettings
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.personal.unseen_person import UnseenPersonTrial, summary, unseen_person_trials
from bloodtwin_core.sources.settings import settings_model
from bloodtwin_core.windows import WindowedSeries
from bloodtwin_core.windows.of_pump import windows_of_pump

DAYS = (0, 3, 7, 14, 30, 60)
PLAIN = {"hide_basal": 0.0, "hide_bolus": 0.0, "coarse_basal": 0.0}
"""A copy is of one person, whose insulin is known or not: nothing needs to be hidden from it."""
logger = logging.getLogger("benchmarks.unseen_people")


def settings_of(everybody: Everybody, training: TrainingSettings, base: Checkpoint, *, plain: bool) -> Settings:
    """The settings with which copies are made: those of the fold's network, with nothing hidden if plain."""
    changed = training.model_copy(update=PLAIN) if plain else training
    groups = {"data": everybody.settings, "model": base.model, "training": changed}
    return settings_model().model_validate({name: group.model_dump() for name, group in groups.items()})


def trials(
    windows: WindowedSeries, people: Sequence[str], base: Checkpoint, settings: Settings, scratch: Path
) -> Iterator[UnseenPersonTrial]:
    """Every person of a fold, whose windows these are, with every number of DAYS; scratch is a folder to train in."""
    for person in people:
        theirs = windows_of_pump(windows, person)
        for trial in unseen_person_trials(theirs, person, base, settings, scratch, DAYS):
            logger.info("%s, %s days: %s", person, trial.days, trial.reason)
            yield trial


def copies_table(found: Sequence[UnseenPersonTrial], members: int) -> str:
    """What copies bring to the people of each data set, as Markdown."""
    parts = [[trial for trial in found if is_brist1d(trial.pump_id) is of_brist1d] for of_brist1d in (False, True)]
    return "\n\n".join(as_table(summary(part), members) for part in parts if part)
