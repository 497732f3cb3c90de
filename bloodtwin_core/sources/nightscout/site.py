"""A Nightscout site over its REST API: version 3 where the site answers it, else version 1.

Credentials travel in headers; only the exchange of a token for a session needs it in an address, and no address is
logged or shown.
"""

import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from typing import Any
from urllib.parse import quote

import numpy as np
import requests
from pydantic import SecretStr

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config.sources import FetchSettings
from bloodtwin_core.sources.fetched import Window
from bloodtwin_core.sources.http import json_of, polite_session, silenced
from bloodtwin_core.sources.nightscout.address import checked_address, hashed_secret
from bloodtwin_core.sources.nightscout.paging import Asking, first_moment, identity, last_moment, pages
from bloodtwin_core.sources.nightscout.values import Document, number

logger = logging.getLogger(__name__)

SITE = "The Nightscout site"
PAGE = 1000
"""Documents to ask version 1 for at once; version 3 answers at most as many as the site allows."""
MOST_PROFILES = 10_000


@dataclass(frozen=True)
class Collection:
    """A collection of the site: the field that says when, how that field is written, and the fields that are asked for.

    fields: for version 3, which can leave the rest out; empty for all.
    """

    name: str
    field: str
    written: Callable[[np.datetime64], str]
    fields: str = ""


def _milliseconds(time: np.datetime64) -> str:
    return str(int(time.astype("datetime64[ms]").astype(np.int64)))


def _iso(time: np.datetime64) -> str:
    return f"{time.astype('datetime64[ms]')}Z"


ENTRIES = Collection("entries", "date", _milliseconds)
TREATMENTS = Collection("treatments", "created_at", _iso)
STATUSES = Collection("devicestatus", "created_at", _iso, "identifier,created_at,date,pump")
STATUSES_OF_LOOPS = replace(STATUSES, fields=f"{STATUSES.fields},loop,openaps")
"""With what an algorithm knows, such as insulin on board, which is ten times as much to fetch."""


class NightscoutSite:
    """A site that may be read. Methods raise SettingsError where it refuses, DataError where it cannot be reached."""

    def __init__(
        self, url: str, token: SecretStr | None, api_secret: SecretStr | None, settings: FetchSettings
    ) -> None:
        """Find out which version of the API the site answers with these credentials; a public site needs none."""
        self._url = checked_address(url, is_secret_sent=bool(token or api_secret))
        self._session = polite_session(SITE, settings)
        self._token = token
        if api_secret:
            self._session.headers["api-secret"] = hashed_secret(api_secret.get_secret_value())
        self._log_in()
        self.version = 3 if self._get("/api/v3/entries", {"limit": "1"}).status_code == 200 else 1
        logger.info("%s answers version %d of its API", SITE, self.version)

    def documents(self, collection: Collection, window: Window) -> Iterator[Document]:
        """All documents of some days, each once, in any order."""
        return pages(self._asking(collection), window, collection, oldest_first=self.version == 3)

    def undated(self, window: Window) -> list[Document]:
        """The treatments of some days that have a date and no created_at, by which alone they can be asked for.

        What has no created_at comes first in the order of it. Version 1 of older sites compares a date with text alone,
        and can only be asked whether there is one (lib/server/treatments.js, query_for; query-coercion.js).
        """
        low, high = _milliseconds(first_moment(window)), _milliseconds(last_moment(window))
        if self.version == 3:
            query = {"date$gte": low, "date$lte": high, "sort": "created_at"}
            return list(_while_undated(lambda skip: self._list("/api/v3/treatments", {**query, "skip": str(skip)})))
        query = {"find[created_at][$ne]": "1", "sort[created_at]": "1"}
        bounds = {"find[date][$gte]": low, "find[date][$lte]": high}
        documents = self._growing({**query, **bounds}) or self._growing({**query, "find[date][$exists]": "true"})
        return [one for one in documents if float(low) <= (number(one.get("date")) or 0.0) <= float(high)]

    def _growing(self, query: dict[str, str]) -> list[Document]:
        """The treatments without created_at at the beginning of a list, which version 1 cannot give page by page."""
        count = PAGE
        while True:
            begun = self._list("/api/v1/treatments.json", {**query, "count": str(count)})
            undated = [document for document in begun if _is_undated(document)]
            if len(undated) < count:
                return undated
            count *= 2

    def changes(self, since: int) -> list[Document]:
        """The treatments that were changed or deleted since a time of the site's clock (ms since 1970), deleted ones
        with isValid false; none where the site keeps no such history.
        """
        path = "/api/v3/treatments/history"
        if self.version != 3 or self._get(f"{path}/{since}", {}).status_code != 200:
            return []
        seen: dict[str, Document] = {}
        while True:
            page = self._list(f"{path}/{since}", {})
            newest = [int(document["srvModified"]) for document in page if _has_number(document, "srvModified")]
            if not newest or max(newest) <= since:
                return list(seen.values())
            known = len(seen)
            seen |= {identity(document): document for document in page}
            # Documents of the same moment may stand on the next page too, where only later ones are listed.
            again = max(newest) - 1
            since = again if len(seen) > known and again > since else max(newest)

    def can_tell(self, collection: Collection) -> bool:
        """Whether the site lets these credentials read a collection, and has it."""
        path = f"/api/v{self.version}/{collection.name}{'' if self.version == 3 else '.json'}"
        name = "limit" if self.version == 3 else "count"
        return self._get(path, {name: "1"}).status_code == 200

    def profiles(self) -> list[Document]:
        """All profiles that the site has had."""
        return self._list("/api/v1/profile.json", {"count": str(MOST_PROFILES)})

    def _asking(self, collection: Collection) -> Asking:
        """How this version is asked for a page of a collection."""
        field = collection.field

        def version_3(low: str, high: str, skip: int) -> list[Document]:
            query = {f"{field}$gte": low, f"{field}$lte": high, "sort": field}
            query |= {"skip": str(skip)} if skip else {}
            query |= {"fields": collection.fields} if collection.fields else {}
            return self._list(f"/api/v3/{collection.name}", query)

        def version_1(low: str, high: str, skip: int) -> list[Document]:
            bounds = {f"find[{field}][$gte]": low, f"find[{field}][$lte]": high}
            return self._list(f"/api/v1/{collection.name}.json", {**bounds, "count": str(PAGE + skip)})[skip:]

        return version_3 if self.version == 3 else version_1

    def _list(self, path: str, query: dict[str, str]) -> list[Document]:
        answer = self._get(path, query)
        if answer.status_code == 401 and self._token:
            self._log_in()  # A session lasts an hour or a few.
            answer = self._get(path, query)
        self._require_ok(answer)
        content = json_of(answer, SITE)
        listed = content.get("result") if isinstance(content, dict) else content
        if not isinstance(listed, list) or not all(isinstance(document, dict) for document in listed):
            raise DataError(
                f"{SITE} answered {path} with something else than a list", todo="Look at data.nightscout.url"
            )
        return listed

    def _log_in(self) -> None:
        """Exchange the token for a session, if there is one."""
        if not self._token:
            return
        answer = self._get(f"/api/v2/authorization/request/{quote(self._token.get_secret_value(), safe='')}", {})
        self._require_ok(answer)
        session: Any = json_of(answer, SITE)
        if not isinstance(session, dict) or not isinstance(session.get("token"), str):
            raise DataError(f"{SITE} gave no session for the token", todo="Look at data.nightscout.url")
        self._session.headers["Authorization"] = f"Bearer {session['token']}"

    def _get(self, path: str, query: dict[str, str]) -> requests.Response:
        with silenced():
            # No redirects: they would carry the credentials to wherever the site points.
            return self._session.get(f"{self._url}{path}", params=query, allow_redirects=False)

    def _require_ok(self, answer: requests.Response) -> None:
        status = answer.status_code
        if status in (401, 403):
            raise SettingsError(
                f"{SITE} refuses to be read ({status}). Set BLOODTWIN_NIGHTSCOUT_TOKEN to a token whose role is "
                "readable, or BLOODTWIN_NIGHTSCOUT_API_SECRET"
            )
        if 300 <= status < 400:
            raise SettingsError(f"{SITE} has moved ({status}). Set data.nightscout.url to the address that it moved to")
        if status != 200:
            raise DataError(f"{SITE} answered with {status}", todo="Look at data.nightscout.url and try again later")


def _while_undated(asked: Callable[[int], list[Document]]) -> Iterator[Document]:
    """The documents without created_at, page after page until one has none."""
    seen: set[str] = set()
    skip = 0
    while page := asked(skip):
        undated = {identity(document): document for document in page if _is_undated(document)}
        new = [document for name, document in undated.items() if name not in seen]
        if not new:
            return
        yield from new
        seen |= set(undated)
        skip += len(page)


def _has_number(document: Document, field: str) -> bool:
    value = document.get(field)
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_undated(document: Document) -> bool:
    return document.get("created_at") in (None, "")
