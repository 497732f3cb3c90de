"""Which version of a model is published: the file that says so, for whoever forecasts with it.

artifacts/{name}/published/ holds a folder for each version, whole before anybody is told of it, and published.json,
which names the one in use and is replaced by one rename. Whoever reads it once and then reads that folder alone has all
files of one version.
"""

import hashlib
from datetime import datetime
from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bloodtwin_core.common.errors import ArtifactMissing, in_brief
from bloodtwin_core.common.sealed import unsealed

POINTER, VERSIONS, VERSION = "published.json", "versions", "version.json"

_TODO = "Roll back to another version: bloodtwin rollback --to VERSION"


class Switch(BaseModel):
    """From when on a version was in use, and why."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    version: str
    at: datetime
    why: str


class Pointer(BaseModel):
    """published.json: the version in use.

    manifest_sha256: of its version.json, which lists its files. history: the latest switches, the oldest first.
    withdrawn: checkpoints (sha256) that somebody rolled back from, which are not published again by themselves.
    """

    model_config = ConfigDict(frozen=True, defer_build=True)

    version: str
    manifest_sha256: str
    history: tuple[Switch, ...] = ()
    withdrawn: tuple[str, ...] = ()


def read_pointer(folder: Path) -> Pointer | None:
    """What published.json in a folder says; None where nothing is published. Raises ArtifactMissing if damaged."""
    path = folder / POINTER
    try:
        return unsealed(path.read_bytes(), Pointer)
    except FileNotFoundError:
        return None
    except (OSError, ValueError) as error:
        brief = in_brief(error)
        raise ArtifactMissing(f"{path} is damaged ({brief}). Roll back to a version: bloodtwin rollback") from error


def model_in(place: Path, file: str) -> Path:
    """A model's file: place itself, or, of a folder, the published version's file of that name, else the folder's own.

    Raises ArtifactMissing if published.json is damaged, or its version is not the one that it tells of.
    """
    if not place.is_dir():
        return place
    pointer = read_pointer(place)
    return place / file if pointer is None else version_in_use(place, pointer) / file


def version_in_use(folder: Path, pointer: Pointer) -> Path:
    """The folder of the version that published.json in a folder names. Raises ArtifactMissing if it is another."""
    place = folder / VERSIONS / pointer.version
    try:
        told = hashlib.sha256((place / VERSION).read_bytes()).hexdigest()
    except OSError as error:
        raise ArtifactMissing(f"{place} is not there any more ({error.strerror}). {_TODO}") from error
    if told != pointer.manifest_sha256:
        raise ArtifactMissing(f"{place / VERSION} changed since it was published, or {POINTER} names another. {_TODO}")
    return place
