"""Polite HTTP: a session that waits and asks again where a server is busy or a connection breaks.

Nothing here knows what is asked for. Addresses, headers and bodies are neither logged nor put into errors, because
they carry credentials and the names of people.
"""

import logging
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from requests.exceptions import SSLError
from urllib3.exceptions import InvalidHeader
from urllib3.util.retry import Retry

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config.sources import FetchSettings
from bloodtwin_core.sources.budget import Budget

logger = logging.getLogger(__name__)

BUSY = frozenset({429, 500, 502, 503, 504})
"""Answers after which it is right to ask again later (RFC 9110, RFC 6585)."""
TALKATIVE_LOGGERS = ("urllib3.connectionpool", "requests_oauthlib")
"""Loggers of libraries that write whole addresses, tokens included."""


def polite_session(site: str, settings: FetchSettings, busy: frozenset[int] = BUSY) -> requests.Session:
    """A session for one site, by its name for people; its requests raise DataError once all attempts have failed.

    busy: the answers after which it asks again; fewer for a site that says 500 of a wrong password.
    """
    session = requests.Session()
    for scheme in ("https://", "http://"):
        session.mount(scheme, PoliteAdapter(site, settings, busy))
    session.headers["User-Agent"] = "bloodtwin"
    return session


class PoliteAdapter(HTTPAdapter):
    """Sends a request again after BUSY answers and broken connections, also where the break is within the body.

    The waits double from first_wait_seconds; a longer Retry-After is obeyed, up to longest_wait_seconds.
    """

    def __init__(self, site: str, settings: FetchSettings, busy: frozenset[int] = BUSY) -> None:
        super().__init__()
        self._site, self._settings, self._busy = site, settings, busy
        self._budget = Budget(site, settings)

    def send(
        self,
        request: requests.PreparedRequest,
        stream: bool = False,  # noqa: ARG002
        timeout: Any = None,
        verify: bool | str = True,
        cert: Any = None,
        proxies: Mapping[str, str] | None = None,
    ) -> requests.Response:
        """One answer that is not BUSY, its body read.

        Raises DataError if none of the attempts brings one, or the site goes beyond what a sync may take (Budget).
        """
        wait, trouble = 0.0, ""
        for attempt in range(self._settings.attempts):
            if attempt:
                logger.warning("%s: %s; asking again in %.0f s", self._site, trouble, wait)
                time.sleep(wait)
            wait = self._settings.first_wait_seconds * 2.0**attempt
            try:
                self._budget.ask()
                # Read as a stream, so that a body without end is noticed while it comes.
                answer = super().send(request, True, timeout or self._settings.timeout_seconds, verify, cert, proxies)
                # A cut connection shows only once the body is read.
                answer._content = self._budget.body_of(answer)
            except (requests.ConnectionError, requests.Timeout, requests.exceptions.ChunkedEncodingError) as error:
                trouble = _in_words(error)
                if isinstance(error, SSLError):
                    break
            else:
                if answer.status_code not in self._busy:
                    return answer
                trouble = f"it answered {answer.status_code} {answer.reason or ''}".strip()
                wait = max(wait, _asked_wait(answer))
            wait = min(wait, self._settings.longest_wait_seconds)
        # Raised outside the except block: the library's error holds the address, which may hold a token.
        raise DataError(
            f"{self._site} could not be reached: {trouble}, the last of {attempt + 1} times",
            todo="Look whether it works in a browser and try again later; what was fetched so far is kept",
        )


@contextmanager
def silenced(*loggers: str) -> Iterator[None]:
    """Meanwhile, let libraries log nothing: they log addresses, tokens and names of people."""
    with ExitStack() as stack:
        for name in (*TALKATIVE_LOGGERS, *loggers):
            library = logging.getLogger(name)
            stack.callback(setattr, library, "disabled", library.disabled)
            library.disabled = True
        yield


def json_of(answer: requests.Response, site: str) -> Any:
    """The body as JSON. Raises DataError if it is none, as from a captive portal or a page for maintenance."""
    try:
        return answer.json()
    except requests.exceptions.JSONDecodeError:
        pass
    raise DataError(f"{site} answered {answer.status_code} with something that is no JSON", todo="Try again later")


def _asked_wait(answer: requests.Response) -> float:
    try:
        return float(Retry().parse_retry_after(answer.headers.get("Retry-After", "0")))
    except InvalidHeader:
        return 0.0


def _in_words(error: requests.RequestException) -> str:
    if isinstance(error, SSLError):
        return "its certificate is not valid or the connection is not safe"
    if isinstance(error, requests.ConnectTimeout | requests.ReadTimeout):
        return "it did not answer in time"
    if isinstance(error, requests.exceptions.ChunkedEncodingError):
        return "the connection was cut within an answer"
    return "the connection failed or was cut"
