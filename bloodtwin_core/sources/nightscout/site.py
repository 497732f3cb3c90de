"""A Nightscout site over its REST API: version 3 where the site answers it, else version 1.

Credentials travel in headers; only the exchange of a token for a session needs it in an address, and no address is
logged or shown.
"""

import hashlib
import ipaddress
import logging
import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any
from urllib.parse import quote, urlsplit

import numpy as np
import requests
from pydantic import SecretStr

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config.sources import FetchSettings
from bloodtwin_core.sources.fetched import Window
from bloodtwin_core.sources.http import json_of, polite_session, silenced
from bloodtwin_core.sources.nightscout.documents import Document

logger = logging.getLogger(__name__)

SITE = "The Nightscout site"
PAGE = 1000
"""Documents to ask version 1 for at once; version 3 answers at most as many as the site allows."""
MOST_PROFILES = 10_000
_SHA1 = re.compile(r"[0-9a-f]{40}")
_DAY = np.timedelta64(1, "D")


@dataclass(frozen=True)
class Collection:
    """A collection of the site: the field that says when, and how that field is written."""

    name: str
    field: str
    written: Callable[[np.datetime64], str]


def _milliseconds(time: np.datetime64) -> str:
    return str(int(time.astype("datetime64[ms]").astype(np.int64)))


def _iso(time: np.datetime64) -> str:
    return f"{time.astype('datetime64[ms]')}Z"


ENTRIES = Collection("entries", "date", _milliseconds)
TREATMENTS = Collection("treatments", "created_at", _iso)


class NightscoutSite:
    """A site that may be read. Methods raise SettingsError where it refuses, DataError where it cannot be reached."""

    def __init__(
        self, url: str, token: SecretStr | None, api_secret: SecretStr | None, settings: FetchSettings
    ) -> None:
        """Find out which version of the API the site answers with these credentials; a public site needs none."""
        self._url = _checked(url, is_secret_sent=bool(token or api_secret))
        self._session = polite_session(SITE, settings)
        self._token = token
        if api_secret:
            self._session.headers["api-secret"] = _hashed(api_secret.get_secret_value())
        self._log_in()
        self.version = 3 if self._get("/api/v3/entries", {"limit": "1"}).status_code == 200 else 1
        logger.info("%s answers version %d of its API", SITE, self.version)

    def documents(self, collection: Collection, window: Window) -> Iterator[Document]:
        """All documents of some days, each once, in any order."""
        low = window.first.astype("datetime64[s]")
        high = (window.last + _DAY).astype("datetime64[ms]") - np.timedelta64(1, "ms")
        bounds = {"low": collection.written(low), "high": collection.written(high)}
        seen: set[str] = set()
        while True:
            page = self._page(collection, bounds["low"], bounds["high"])
            new = [document for document in page if _identity(document) not in seen]
            if not new:
                return
            yield from new
            seen.update(_identity(document) for document in new)
            # The next page begins where this one ended, inclusive: several documents may bear the same time.
            times = [document[collection.field] for document in page if document.get(collection.field) is not None]
            if not times:
                return
            bounds["low" if self.version == 3 else "high"] = str((max if self.version == 3 else min)(times))

    def profiles(self) -> list[Document]:
        """All profiles that the site has had."""
        return self._list("/api/v1/profile.json", {"count": str(MOST_PROFILES)})

    def _page(self, collection: Collection, low: str, high: str) -> list[Document]:
        field = collection.field
        if self.version == 3:
            query = {f"{field}$gte": low, f"{field}$lte": high, "sort": field}
            return self._list(f"/api/v3/{collection.name}", query)
        query = {f"find[{field}][$gte]": low, f"find[{field}][$lte]": high, "count": str(PAGE)}
        return self._list(f"/api/v1/{collection.name}.json", query)

    def _list(self, path: str, query: dict[str, str]) -> list[Document]:
        answer = self._get(path, query)
        if answer.status_code == 401 and self._token:
            self._log_in()  # A session lasts an hour or a few.
            answer = self._get(path, query)
        self._require_ok(answer)
        content = json_of(answer, SITE)
        listed = content.get("result") if isinstance(content, dict) else content
        if not isinstance(listed, list) or not all(isinstance(document, dict) for document in listed):
            raise DataError(f"{SITE} answered with something else than a list", todo="Look at data.nightscout.url")
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


def _identity(document: Document) -> str:
    return str(document.get("identifier") or document.get("_id") or sorted(document.items()))


def _hashed(secret: str) -> str:
    """What the header wants: the SHA-1 of the secret, which may have been given instead of it."""
    return secret if _SHA1.fullmatch(secret) else hashlib.sha1(secret.encode(), usedforsecurity=False).hexdigest()


def _checked(url: str, *, is_secret_sent: bool) -> str:
    """The site's address without a slash at the end. The error does not repeat it: it may hold a token."""
    parts = urlsplit(url)
    if parts.scheme not in ("https", "http") or not parts.hostname:
        raise SettingsError("data.nightscout.url is not an address. Write it like https://my-site.example")
    if parts.query or parts.fragment or parts.username or parts.password:
        raise SettingsError(
            "data.nightscout.url holds more than the site's address. Remove what comes after it; "
            "a token belongs into the environment variable BLOODTWIN_NIGHTSCOUT_TOKEN"
        )
    if is_secret_sent and parts.scheme == "http" and not _is_near(parts.hostname):
        raise SettingsError(
            "data.nightscout.url begins with http://, which would send the credentials readable for everyone "
            "on the way. Write https://"
        )
    return f"{parts.scheme}://{parts.netloc}{parts.path.rstrip('/')}"


def _is_near(host: str) -> bool:
    """Whether a host is this machine or in the same network."""
    try:
        return ipaddress.ip_address(host).is_private
    except ValueError:
        return host == "localhost" or host.endswith(".local")
