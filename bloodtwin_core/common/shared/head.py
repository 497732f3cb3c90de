"""What lies in a bucket for a shared folder: head.json, and the lists of files and the files that it leads to."""

from datetime import datetime
from pathlib import PurePosixPath

from pydantic import BaseModel, ConfigDict, Field, field_validator

HEAD, LISTS, FILES = "head.json", "lists", "files"


class ListedFile(BaseModel):
    """A file of a version: its sha256, and the name of the object that holds it."""

    model_config = ConfigDict(frozen=True)

    sha256: str = Field(pattern=r"^[0-9a-f]{64}$")
    stored: str


class Listing(BaseModel):
    """All files of a version, by their path in the folder."""

    model_config = ConfigDict(frozen=True)

    files: dict[str, ListedFile] = Field(default_factory=dict)

    @field_validator("files")
    @classmethod
    def _stay_in_the_folder(cls, files: dict[str, ListedFile]) -> dict[str, ListedFile]:
        for name in files:
            path = PurePosixPath(name)
            if not path.parts or path.is_absolute() or "\\" in name or any(part.startswith(".") for part in path.parts):
                raise ValueError("a path that no version has")
        return files

    @property
    def hashes(self) -> dict[str, str]:
        """The sha256 of each file, by its path."""
        return {path: file.sha256 for path, file in self.files.items()}


class Lease(BaseModel):
    """Who alone may write: what, as part of which run, on which machine, from which local copy, since when.

    token tells one taking from all others. It runs out seconds after it was last renewed; renewals counts these, so
    that head.json is never twice the same. is_between_steps: the step that held it is done, and another of the same run
    may follow elsewhere.
    """

    model_config = ConfigDict(frozen=True)

    what: str
    run: str
    host: str
    copy_id: str
    since: datetime
    token: str
    seconds: float
    renewals: int = 0
    is_between_steps: bool = False

    def __str__(self) -> str:
        return f"{self.what} (on {self.host}), since {self.since:%Y-%m-%d %H:%M:%S} UTC"


class Head(BaseModel):
    """head.json: the version in use (0: none yet), by whom, the object that lists its files, with its sha256; who may
    write."""

    model_config = ConfigDict(frozen=True)

    version: int = 0
    by: str = ""
    listing: str = ""
    listing_sha256: str = ""
    lease: Lease | None = None

    @property
    def content(self) -> bytes:
        """As it is stored."""
        return self.model_dump_json(indent=1).encode()
