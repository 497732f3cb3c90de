"""The lease of a shared folder: taken, renewed and given back by replacing head.json where it is still what was read.

So a machine that lost its lease, because it slept or was cut off, cannot write any more: whatever it tries is no longer
what was read. Times only decide how long others wait. They are the storage's own, so that no two clocks are compared.
"""

import logging
import secrets
import socket
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime

from pydantic import ValidationError

from bloodtwin_core.common.errors import ArtifactMissing, BloodTwinError, FolderInUse, StorageError
from bloodtwin_core.common.shared.bucket import Address, Bucket, Overtaken
from bloodtwin_core.common.shared.head import HEAD, LISTS, Head, Lease

logger = logging.getLogger(__name__)
LEASE_SECONDS = 120.0
"""After which a lease that nobody renewed is anybody's."""
_RENEWED_WITHIN = 4
"""Times that a lease is renewed before it would run out."""
_WAITING_SECONDS = 2.0
_LOOKS = 5
"""Times that a change is tried: one for each write whose answer was lost."""


@dataclass(frozen=True)
class Applicant:
    """Who asks for a lease: what and run name it to others, and it waits for others or not.

    Steps of one run always wait for each other. copy names the folder of the local copy, of which one process at a time
    asks: another lease of the same copy is that of a process that has ended.
    """

    what: str
    copy: str
    run: str = ""
    waits: bool = False


@dataclass
class HeldLease:
    """A lease that is held, and renewed by a thread of its own until it is let go of."""

    bucket: Bucket
    head: Head
    _tag: str
    _lost_to: str = ""
    _one_at_a_time: threading.Lock = field(default_factory=threading.Lock, repr=False)
    _done: threading.Event = field(default_factory=threading.Event, repr=False)

    def keep(self) -> None:
        """Begin to renew it."""
        threading.Thread(target=self._renew_until_done, name="bloodtwin lease", daemon=True).start()

    def require(self) -> None:
        """Raise FolderInUse if somebody else has taken it meanwhile, as far as is known."""
        if self._lost_to:
            raise _lost(self.bucket.address, self._lost_to)

    def switch(self, listing: str, sha256: str) -> None:
        """Let a new version, of which this object lists the files, be the one in use.

        Raises FolderInUse if the lease was lost; then nothing is changed. After a StorageError the new version is in
        use or the old one.
        """

        def switched(head: Head) -> Head:
            new = {"version": head.version + 1, "by": str(head.lease), "listing": listing, "listing_sha256": sha256}
            return head.model_copy(update=new)

        self._change(switched)

    def renew(self) -> None:
        """Have it for as long again. Raises FolderInUse if it was lost, StorageError if nobody knows."""
        self._change(lambda head: None if self._done.is_set() else _renewed(head))

    def let_go(self, between_steps: bool = False) -> None:
        """Give it back; between two steps of a run it stays the run's until it runs out.

        Where that cannot be said it runs out by itself.
        """
        self._done.set()

        def without(head: Head) -> Head:
            lease = _renewed(head).lease if between_steps else None
            return head.model_copy(update={"lease": lease and lease.model_copy(update={"is_between_steps": True})})

        try:
            if not self._lost_to:
                self._change(without)
        except BloodTwinError as error:
            logger.warning("The lease of %s was not given back and runs out by itself: %s", self.bucket.address, error)

    def _change(self, change: Callable[[Head], Head | None]) -> None:
        with self._one_at_a_time:
            self.require()
            for _ in range(_LOOKS):
                new = change(self.head)
                if new is None:
                    return
                try:
                    self._tag = self.bucket.replace(HEAD, new.content, self._tag)
                    self.head = new
                    return
                except Overtaken:
                    # Either somebody else has it, or an answer to a write of its own was lost: that one took effect.
                    there, tag, _ = read_head(self.bucket)
                    if there != new and not _is_same_lease(there.lease, self.head.lease):
                        self._lost_to = str(there.lease or there.by or "another machine")
                        raise _lost(self.bucket.address, self._lost_to) from None
                    self.head, self._tag = there, tag or ""
                    if there == new:
                        return
            raise StorageError(f"{self.bucket.address}/{HEAD} cannot be replaced, though nobody else wrote it")

    def _renew_until_done(self) -> None:
        while self.head.lease and not self._done.wait(self.head.lease.seconds / _RENEWED_WITHIN):
            try:
                self.renew()
            except FolderInUse as error:
                logger.error("%s", error)
                return
            except BloodTwinError as error:
                logger.warning("The lease could not be renewed, which is tried again: %s", error)


def take(bucket: Bucket, applicant: Applicant, seconds: float = LEASE_SECONDS) -> HeldLease:
    """Take the lease of a shared folder, once it is free; it is renewed from now on.

    One that does not wait does so until the lease changes or runs out: a holder that lives renews it before, and nobody
    can tell at once whether it died, or whether a run that is between two steps has ended. Raises FolderInUse if
    somebody else has it and the applicant does not wait, StorageError, SettingsError.
    """
    waited_for: str | None = None
    while True:
        head, tag, age = read_head(bucket)
        if tag is None:
            bucket.require_conditions(HEAD)
        if _is_free(head.lease, applicant, age):
            taken = head.model_copy(update={"lease": _new(applicant, seconds)})
            if (new_tag := _written(bucket, taken, tag)) is not None:
                held = HeldLease(bucket, taken, new_tag)
                held.keep()
                return held
            continue
        may_have_ended = waited_for in (None, tag)
        if not (applicant.waits or may_have_ended or _is_of_run(head.lease, applicant)):
            raise FolderInUse.held_by(bucket.address, str(head.lease))
        if waited_for is None:
            logger.info("Waiting for %s, which holds %s", head.lease, bucket.address)
            waited_for = tag
        time.sleep(_WAITING_SECONDS)


def read_head(bucket: Bucket) -> tuple[Head, str | None, float]:
    """head.json, with its tag, and its age (s); before the first an empty head, and no tag.

    Raises ArtifactMissing if it is damaged or gone, StorageError.
    """
    stored = bucket.read(HEAD)
    if stored is None:
        if any(bucket.listed(LISTS)):
            raise head_gone(bucket.address)
        return Head(), None, 0.0
    try:
        return Head.model_validate_json(stored.content), stored.tag, stored.age
    except ValidationError:
        todo = "It is none of bloodTwin's, or was changed. Restore it, or choose another address (artifacts.shared)"
        raise ArtifactMissing(f"{bucket.address}/{HEAD} is damaged. {todo}") from None


def head_gone(address: Address) -> ArtifactMissing:
    """The error where versions were shared and none is in use: no copy takes their place, it need not be the newest."""
    return ArtifactMissing(
        f"{address}/{HEAD} is gone, or names no version any more. Restore it, or choose another address "
        f"(artifacts.shared). To begin again here, remove all of {address}, and delete .shared.json in the folder "
        "whose files all others are to have; start there first"
    )


def _written(bucket: Bucket, head: Head, tag: str | None) -> str | None:
    """The tag of a head that was written; None if somebody else wrote first."""
    try:
        return bucket.replace(HEAD, head.content, tag)
    except Overtaken:
        there, new_tag, _ = read_head(bucket)
        return new_tag if there == head else None  # It is, where only the answer was lost.


def _is_free(lease: Lease | None, applicant: Applicant, age: float) -> bool:
    if lease is None or age > lease.seconds or (lease.copy_id, lease.host) == (applicant.copy, socket.gethostname()):
        return True
    return lease.is_between_steps and _is_of_run(lease, applicant)


def _is_of_run(lease: Lease | None, applicant: Applicant) -> bool:
    return lease is not None and bool(applicant.run) and lease.run == applicant.run


def _is_same_lease(one: Lease | None, other: Lease | None) -> bool:
    return one is not None and other is not None and one.token == other.token


def _new(applicant: Applicant, seconds: float) -> Lease:
    return Lease(
        what=applicant.what,
        run=applicant.run,
        host=socket.gethostname(),
        copy_id=applicant.copy,
        since=datetime.now(UTC),
        token=secrets.token_hex(16),
        seconds=seconds,
    )


def _renewed(head: Head) -> Head:
    lease = head.lease
    renewed = lease.model_copy(update={"renewals": lease.renewals + 1, "is_between_steps": False}) if lease else None
    return head.model_copy(update={"lease": renewed})


def _lost(address: Address, to: str) -> FolderInUse:
    return FolderInUse(
        f"The lease of {address} was lost: it was not renewed in time, and {to} took it over. Nothing there was "
        "changed; what this run made stays in the local copy. Start it again"
    )
