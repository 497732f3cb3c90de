"""Personal models of many people on one machine: a bounded number of processes, each with one pump at a time."""

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass

from bloodtwin_core.common.child_workers import answers
from bloodtwin_core.common.errors import BloodTwinError, SettingsError, listed
from bloodtwin_core.common.interrupts import lasting_interrupts
from bloodtwin_core.config import Settings
from bloodtwin_core.personal.storage import PersonalOutcome
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.people.person import base_fingerprint, base_path
from bloodtwin_core.pipeline.people.worker import MODULE, Common, Reply, reply
from bloodtwin_core.training.compute import usable_cores

_TOLD = 10
"""Failures that are told in full."""


class PeopleFailed(BloodTwinError):
    """Some people have no model; the message names them and why."""


@dataclass(frozen=True)
class Person:
    """What became of one pump: its outcome, or why there is none. is_new: made now, else it stood already."""

    pump_id: str
    outcome: PersonalOutcome | None = None
    is_new: bool = False
    failure: str = ""


@dataclass(frozen=True)
class People:
    """All of them, in the order in which they came to their end."""

    persons: tuple[Person, ...]

    @property
    def failed(self) -> list[Person]:
        """Those without a model."""
        return [person for person in self.persons if person.failure]

    @property
    def accepted(self) -> int:
        """How many go on with a copy of their own."""
        return sum(person.outcome is not None and person.outcome.accepted for person in self.persons)

    @property
    def stood(self) -> int:
        """How many stood already."""
        return sum(person.outcome is not None and not person.is_new for person in self.persons)

    def __str__(self) -> str:
        unchanged = len(self.persons) - len(self.failed) - self.accepted
        return (
            f"{len(self.persons)} pumps: {self.accepted} go on with a copy of their own, {unchanged} with the model as "
            f"it is, {len(self.failed)} failed; {self.stood} stood already"
        )

    def require_all(self) -> None:
        """Raise PeopleFailed, with the reasons, if some have no model."""
        failed = self.failed
        if failed:
            told = "; ".join(f"{person.pump_id}: {person.failure.rstrip('.')}" for person in failed[:_TOLD])
            more = f"; and {listed(person.pump_id for person in failed[_TOLD:])}" if failed[_TOLD:] else ""
            raise PeopleFailed(
                f"{len(failed)} of {len(self.persons)} pumps have no model. {told}{more}. "
                "The others stand; when that is mended the same start goes on with these"
            )


def _ignore(_person: Person) -> None:
    """Nobody listens."""


def people_stage(
    store: ArtifactStore, settings: Settings, pump_ids: Sequence[str], on_person: Callable[[Person], None] = _ignore
) -> People:
    """Make a personal model for each pump, as person_stage does, people.workers processes at once.

    One that fails or whose process dies stops no other: it is told in what this returns. What stands already from the
    same records, base and settings is not made again, so that a second start goes on where the first ended.
    Raises SettingsError if no pump is named, and what base_path raises.
    """
    if not pump_ids:
        raise SettingsError("people.pump_ids names no pump. Name those of data.source that are to have a model")
    base = base_path(store, settings.people.start_from)
    alone = settings.model_copy(update={"people": settings.people.model_copy(update={"pump_ids": []})})
    common = Common(
        folder=store.folder,
        base=base.absolute(),
        base_sha256=base_fingerprint(base),
        run=store.owner.run,
        settings=alone.model_dump(mode="json"),
    )
    persons = []
    with lasting_interrupts():
        for person in _persons(common, settings, list(dict.fromkeys(pump_ids))):
            persons.append(person)
            on_person(person)
    return People(tuple(persons))


def _persons(common: Common, settings: Settings, pump_ids: Sequence[str]) -> Iterator[Person]:
    if len(pump_ids) == 1:  # As in a pod: another process would import all that this one has.
        yield _person(pump_ids[0], reply(common, settings, pump_ids[0]))
        return
    workers = min(settings.people.workers or usable_cores(), len(pump_ids))
    for answer in answers(MODULE, common.model_dump_json(), pump_ids, workers):
        told = Reply(failure=answer.died) if answer.died else Reply.model_validate_json(answer.line)
        yield _person(answer.task, told)


def _person(pump_id: str, told: Reply) -> Person:
    return Person(pump_id, told.outcome, told.is_new, told.failure)
