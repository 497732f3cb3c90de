"""How much a site may take of a sync: without bounds, one that always has one more page is read for ever."""

import time
from collections.abc import Iterator
from dataclasses import dataclass, field

import requests

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config.sources import FetchSettings

_PIECE = 65_536
_MEBIBYTE = 2**20


@dataclass
class Budget:
    """What one session may still ask for and be answered; begun when the first request is sent."""

    site: str
    settings: FetchSettings
    asked: int = 0
    read: int = 0
    begun: float = field(default_factory=time.monotonic)

    def ask(self) -> None:
        """Count one request. Raises DataError if there were too many, or they took too long."""
        self.asked += 1
        if self.asked > self.settings.most_pages:
            raise self._spent(f"more than {self.settings.most_pages} pages", "data.fetch.most_pages")
        self._require_time()

    def body_of(self, answer: requests.Response) -> bytes:
        """The whole body of an answer that was asked for as a stream. Raises DataError if it is too large or slow."""
        pieces: Iterator[bytes] = answer.iter_content(_PIECE)
        body = []
        for piece in pieces:
            body.append(piece)
            self.read += len(piece)
            if self.read > self.settings.most_mebibytes * _MEBIBYTE:
                raise self._spent(f"more than {self.settings.most_mebibytes} MiB", "data.fetch.most_mebibytes")
            self._require_time()
        return b"".join(body)

    def _require_time(self) -> None:
        if time.monotonic() - self.begun > self.settings.most_hours * 3600:
            raise self._spent(f"for more than {self.settings.most_hours:g} h", "data.fetch.most_hours")

    def _spent(self, how_much: str, setting: str) -> DataError:
        return DataError(
            f"{self.site} went on answering, {how_much}, and may never come to an end",
            todo=f"Raise {setting} if there is as much; what was fetched so far is kept",
        )
