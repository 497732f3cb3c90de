"""Tandem Source as tconnectsync speaks it: log in, list the pumps, ask for the log of some days.

The library would write tokens to a file in the home folder and names and tokens to the log; both are kept from it.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any, TypeVar

import jwt
import numpy as np
import requests
from pydantic import SecretStr
from tconnectsync.api import tandemsource
from tconnectsync.api.common import ApiException

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.config.sources import FetchSettings
from bloodtwin_core.sources.fetched import Day, Window
from bloodtwin_core.sources.http import polite_session, silenced
from bloodtwin_core.sources.tandem import TandemRegion
from bloodtwin_core.sources.tandem.rows import EVENT_CODES

SITE = "Tandem Source"
LOGIN = "the login"
LogLine = dict[str, Any]
Answered = TypeVar("Answered")
_LIBRARY_LOGGERS = (
    "tconnectsync.api.tandemsource",
    "tconnectsync.eventparser.events",
    "tconnectsync.eventparser.generic",
)
_REFUSED = frozenset({200, 400, 401, 403})
"""What a login with a wrong password is answered; 200 comes with a status in its body that is not SUCCESS."""


@dataclass(frozen=True)
class CloudPump:
    """A pump of the account; first and last are the days from and to which its log reaches, None if never uploaded."""

    serial: str
    model: str
    device: str
    first: Day | None
    last: Day | None


class TandemCloud:
    """A logged-in account. Every method raises DataError where the cloud cannot be reached or answers nonsense."""

    def __init__(self, email: SecretStr, password: SecretStr, region: TandemRegion, settings: FetchSettings) -> None:
        """Log in. Raises SettingsError if the cloud refuses the e-mail address or the password."""
        self._settings = settings
        self._api = self._ask(LOGIN, lambda: _Api(email.get_secret_value(), password.get_secret_value(), region.value))

    def pumps(self) -> list[CloudPump]:
        """The account's pumps, in the order in which the cloud lists them."""
        return self._ask("the list of pumps", lambda: [_pump(pump) for pump in self._api.get_pumper()["pumps"] or []])

    def log(self, pump: CloudPump, window: Window) -> tuple[list[LogLine], list[LogLine]]:
        """The events of some days, and the changes of the pump's clock over its whole life, as the cloud answers."""

        def ask() -> tuple[list[LogLine], list[LogLine]]:
            answer = self._api.get_pump_logs(pump.device, str(window.first), str(window.last), EVENT_CODES)
            return [dict(event) for event in answer["events"]], [dict(event) for event in answer["clockChanges"] or []]

        return self._ask(f"the log of pump {pump.serial}", ask)

    def _ask(self, what: str, call: Callable[[], Answered]) -> Answered:
        """Lend the library polite sessions and silence it; say its errors without what it was answered."""
        problem: Exception
        with silenced(*_LIBRARY_LOGGERS), _sessions(self._settings):
            try:
                return call()
            except ApiException as error:
                problem = _problem(what, error.status_code)
            except (
                requests.RequestException,
                jwt.PyJWTError,
                KeyError,
                TypeError,
                ValueError,
                AttributeError,
            ) as error:
                problem = DataError(
                    f"{SITE} answered {what} in a way that tconnectsync does not understand ({type(error).__name__})",
                    todo="Try again later; if it stays so, look for a newer tconnectsync",
                )
        # Raised outside the except block: the library's error holds the whole answer, names and all.
        raise problem


class _Api(tandemsource.TandemSourceApi):
    """The library's client, without its file of tokens."""

    def try_load_cached_creds(self, email: str) -> bool:  # noqa: ARG002
        return False

    def cache_creds(self, email: str) -> None:
        pass


@contextmanager
def _sessions(settings: FetchSettings) -> Iterator[None]:
    """Have the library use polite sessions: it makes one for every request and takes none from outside."""
    made_by_library = tandemsource.base_session
    tandemsource.base_session = lambda: polite_session(SITE, settings)
    try:
        yield
    finally:
        tandemsource.base_session = made_by_library


def _problem(what: str, status: int) -> Exception:
    if what == LOGIN and status in _REFUSED:
        return SettingsError(
            f"{SITE} refused the e-mail address or the password ({status}). Correct BLOODTWIN_TANDEM_EMAIL and "
            "BLOODTWIN_TANDEM_PASSWORD, or data.tandem.region, and try them in a browser"
        )
    return DataError(f"{SITE} answered {what} with {status}", todo="Try again later; what was fetched so far is kept")


def _pump(pump: Any) -> CloudPump:
    reaches = pump.get("availableDataRange") or {}
    return CloudPump(
        serial=str(pump["serialNumber"]),
        model=str(pump.get("modelName") or "pump"),
        device=str(pump["assignmentId"]),
        first=_day(reaches.get("start")),
        last=_day(pump.get("maxDateOfEvents") or reaches.get("end")),
    )


def _day(stated: str | None) -> Day | None:
    return np.datetime64(stated[:10], "D") if stated else None
