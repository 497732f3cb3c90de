"""artifacts/{name}/published/: versions of a model, one of them in use, and the switch between them."""

import hashlib
import logging
import shutil
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path

from bloodtwin_core.common.errors import ArtifactMissing, SettingsError
from bloodtwin_core.common.files import atomic_folder, atomic_write, clear_leftovers, remove_folder, sha256_of
from bloodtwin_core.common.locks import Owner
from bloodtwin_core.common.sealed import sealed
from bloodtwin_core.common.shared.copy import SHARED, is_copy
from bloodtwin_core.publishing.decision import Decision
from bloodtwin_core.publishing.drift.ledger import Ledger, read_ledger
from bloodtwin_core.publishing.manifest import VersionManifest, read_manifest
from bloodtwin_core.serving.published import POINTER, VERSION, VERSIONS, Pointer, Switch, read_pointer, version_in_use

logger = logging.getLogger(__name__)
DECISION, DRIFT = "decision.json", "drift.json"
CHECKPOINT_FILE = "best.ckpt"
"""A version's checkpoint, by the name that training gives it."""
_LONGEST_HISTORY = 200


@dataclass(frozen=True)
class PublishedStore:
    """The published versions of one model.

    Whoever writes holds the folder's lock, for a moment only: it is another than that of the artifacts, which a
    training holds for hours, so that one can roll back meanwhile. Readers need no lock.
    """

    folder: Path
    owner: Owner = field(default_factory=lambda: Owner(waits=True), compare=False, repr=False)

    @property
    def decision(self) -> Path:
        """What was last decided, and why."""
        return self.folder / DECISION

    @property
    def drift(self) -> Path:
        """What was found of each week."""
        return self.folder / DRIFT

    @property
    def pointer(self) -> Pointer | None:
        """Which version is in use; None before the first. Raises ArtifactMissing if published.json is damaged."""
        return read_pointer(self.folder)

    def place(self, version: str) -> Path:
        """The folder of a version."""
        return self.folder / VERSIONS / version

    def versions(self) -> list[str]:
        """Every version that is there, the oldest first."""
        there = self.folder / VERSIONS
        names = (path.name for path in there.iterdir()) if there.is_dir() else iter(())
        return sorted((name for name in names if not name.startswith(".")), key=number_of)

    def champion(self) -> VersionManifest | None:
        """The version in use; None before the first, and where its folder was removed: nobody can forecast with it.

        Raises ArtifactMissing if it is not whole.
        """
        pointer = self.pointer
        if pointer is None:
            return None
        if not self.place(pointer.version).exists():
            logger.warning("%s: version %s, which was in use, is not there any more", self.folder, pointer.version)
            return None
        version_in_use(self.folder, pointer)
        return self.manifest(pointer.version)

    def manifest(self, version: str) -> VersionManifest:
        """What a version came from. Raises ArtifactMissing if a file of it is gone or changed."""
        manifest = read_manifest(self.place(version))
        if faults := self.faults(manifest):
            raise ArtifactMissing(f"{faults[0]}. Roll back to another version: bloodtwin rollback --to VERSION")
        return manifest

    def faults(self, manifest: VersionManifest) -> list[str]:
        """Every file of a version that is gone or was changed since, in words."""
        folder = self.place(manifest.version)
        faults = []
        for name, sha256 in manifest.files.items():
            if not (folder / name).is_file():
                faults.append(f"{folder / name} is not there any more since it was published")
            elif sha256_of(folder / name) != sha256:
                faults.append(f"{folder / name} changed since it was published: its sha256 is not {VERSION}'s")
        return faults

    def all_faults(self) -> list[str]:
        """Everything that is gone or was changed since it was published, in words."""
        faults: list[str] = []
        for version in self.versions():
            try:
                faults += self.faults(read_manifest(self.place(version)))
            except ArtifactMissing as error:
                faults.append(str(error))
        try:
            pointer = self.pointer
            if pointer is not None:
                version_in_use(self.folder, pointer)
        except ArtifactMissing as error:
            faults.append(str(error))
        try:
            self.ledger()
        except ArtifactMissing as error:
            faults.append(str(error))
        return list(dict.fromkeys(faults))

    @contextmanager
    def owned(self) -> Iterator[None]:
        """Be the only one that writes here meanwhile; whoever comes first clears away what killed writers left.

        Raises ArtifactMissing rather than share with other machines what is not whole.
        """
        with self.owner.holding(self.folder, lasting=VERSIONS) as taken:
            if taken:
                clear_leftovers(self.folder)
            yield
            if taken and is_copy(self.folder) and not self.owner.only_fetches:
                self._require_whole()

    def refresh(self) -> None:
        """Have here what others published meanwhile, where the folder is shared; else do nothing.

        Unless its owner only fetches, what is new here is sent. Raises what owned does.
        """
        if is_copy(self.folder):
            with self.owned():
                pass

    def _require_whole(self) -> None:
        if faults := self.all_faults():
            raise ArtifactMissing(
                f"{faults[0]}. Nothing is shared until that is mended: load again what is shared with "
                f"bloodtwin fetch ADDRESS {self.folder}; where nothing is yet, delete {self.folder / SHARED}, then "
                "roll back or remove the folder of that version, and start again"
            )

    def next_version(self, checkpoint_sha256: str) -> str:
        """The name of a version to come: a number, and the first digits of its checkpoint's sha256."""
        pointer = self.pointer
        known = [*self.versions(), *(switch.version for switch in (pointer.history if pointer else ()))]
        return f"{max(map(number_of, known), default=0) + 1:04d}-{checkpoint_sha256[:8]}"

    def add(self, manifest: VersionManifest, files: dict[str, Path]) -> Path:
        """Write a version whole, from these files by name, and return its folder; nobody uses it yet.

        Raises ArtifactMissing if a file is not the manifest's, StorageError if it cannot be written.
        """
        with self.owned(), atomic_folder(self.place(manifest.version)) as folder:
            for name, path in files.items():
                if not path.is_file():
                    raise ArtifactMissing(f"{path} was removed while it was published. Materialize everything again")
                shutil.copyfile(path, folder / name)
                if sha256_of(folder / name) != manifest.files[name]:
                    raise ArtifactMissing(f"{path} changed while it was published. Materialize everything again")
            (folder / VERSION).write_text(manifest.model_dump_json(indent=2) + "\n", "utf-8")
        return self.place(manifest.version)

    def switch(self, version: str, why: str, now: datetime, withdrawn: str = "") -> None:
        """Let a version be the one in use; withdrawn is the sha256 of a checkpoint not to come back by itself.

        Raises ArtifactMissing if the version is not whole; then the one that was in use stays.
        """
        with self.owned():
            manifest, before = self.manifest(version), self.pointer
            history = (before.history if before else ())[1 - _LONGEST_HISTORY :]
            old = before.withdrawn if before else ()
            pointer = Pointer(
                version=version,
                manifest_sha256=hashlib.sha256((self.place(version) / VERSION).read_bytes()).hexdigest(),
                history=(*history, Switch(version=version, at=now, why=why)),
                withdrawn=tuple(dict.fromkeys([*old, *([withdrawn] if withdrawn else [])])),
            )
            with atomic_write(self.folder / POINTER) as path:
                path.write_text(sealed(pointer), "utf-8")
        logger.info("Published is version %s now (checkpoint %s): %s", version, manifest.checkpoint_sha256[:12], why)

    def roll_back(self, now: datetime, to: str = "", why: str = "") -> str:
        """Go back to a version, without a name to the newest one before that in use, and return its name.

        What was in use is not published again by itself. Raises SettingsError if there is no such version,
        ArtifactMissing if it is not whole.
        """
        with self.owned():
            pointer = self.pointer
            if pointer is None:
                raise SettingsError(f"{self.folder} holds no published version. Materialize published_model first")
            used = {switch.version for switch in pointer.history} | {pointer.version}
            there = [version for version in self.versions() if version in used and version != pointer.version]
            earlier = [version for version in there if number_of(version) < number_of(pointer.version)]
            target = to or (earlier[-1] if earlier else "")
            if target not in there:
                asked = f"'{to}' is not" if to else f"none before {pointer.version} is"
                raise SettingsError(
                    f"{asked} among the versions kept in {self.folder}: {', '.join(there) or 'no other'}"
                )
            withdrawn = read_manifest(self.place(pointer.version)).checkpoint_sha256
            self.switch(target, f"rolled back from {pointer.version}{': ' * bool(why)}{why}", now, withdrawn)
        return target

    def prune(self, keep: int) -> list[str]:
        """Remove all versions but the one in use and the newest others, keep in all; returns those removed."""
        with self.owned():
            pointer = self.pointer
            used = {switch.version for switch in pointer.history} if pointer else set()
            in_use = pointer.version if pointer else ""
            others = [version for version in self.versions() if version != in_use]
            kept = [version for version in others if version in used][-(keep - 1) :] if keep > 1 else []
            gone = [version for version in others if version not in kept]
            for version in gone:
                remove_folder(self.place(version))
        return gone

    def ledger(self) -> Ledger:
        """What was found of each week so far. Raises ArtifactMissing if it is damaged."""
        return read_ledger(self.drift)

    def change_ledger(self, change: Callable[[Ledger], Ledger]) -> Ledger:
        """Write the ledger anew as change makes it, nobody else changing it meanwhile. Raises what change raises."""
        with self.owned():
            ledger = change(self.ledger())
            with atomic_write(self.drift) as path:
                path.write_text(sealed(ledger, indent=1), "utf-8")
        return ledger

    def keep_decision(self, decision: Decision) -> None:
        """Write down what was decided, and why."""
        with self.owned(), atomic_write(self.decision) as path:
            path.write_text(decision.model_dump_json(indent=2) + "\n", "utf-8")

    def last_decision(self) -> Decision | None:
        """What was last decided; None before the first. Raises ArtifactMissing if its file is damaged."""
        if not self.decision.exists():
            return None
        try:
            return Decision.model_validate_json(self.decision.read_bytes())
        except (OSError, ValueError) as error:
            raise ArtifactMissing.unreadable(self.decision, error, "published_model") from error


def number_of(version: str) -> int:
    """The number that a version's name begins with; 0 for a name of another kind."""
    number = version.partition("-")[0]
    return int(number) if number.isdecimal() else 0
