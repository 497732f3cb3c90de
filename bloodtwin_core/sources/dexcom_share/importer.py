"""Dexcom Share through the library pydexcom: at most the last 24 hours of the wearer's own readings, in mg/dL.

sync() fetches them to the folder data.root; events() reads what lies there and needs no network.
"""

from collections.abc import Iterator
from importlib import import_module
from typing import Any

import requests
from pydantic import SecretStr

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.progress import Progress, Step, silent
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.sources.credentials import required_secret
from bloodtwin_core.sources.dexcom_share import SOURCE, DexcomShareSettings
from bloodtwin_core.sources.fetching import FetchReport, asked_for, folder_of, known_zone
from bloodtwin_core.sources.http import BUSY, polite_session, silenced
from bloodtwin_core.sources.readings import Reading, keep, kept_events, not_installed, not_understood

USERNAME_VARIABLE, PASSWORD_VARIABLE = "BLOODTWIN_DEXCOM_USERNAME", "BLOODTWIN_DEXCOM_PASSWORD"
SITE, LIBRARY = "Dexcom Share", "pydexcom"
_REFUSES_WITH = 500
"""Share answers a wrong password with it; asking again would lock the account."""


def sync(settings: DataSettings, progress: Progress = silent) -> list[FetchReport]:
    """Fetch the last 24 hours and keep what is new.

    Raises SettingsError if credentials, data.root or the library are missing or the login is refused, DataError if the
    cloud cannot be reached or answers nonsense.
    """
    root, own = folder_of(settings), settings.of(DexcomShareSettings)
    _zone(own)
    asked_for([own.pump_id], settings.pump_ids)
    name = required_secret(USERNAME_VARIABLE, "The name of the Dexcom account of the wearer (not of a follower)")
    password = required_secret(PASSWORD_VARIABLE, "The password of the Dexcom account")
    progress(Step(0, 1, "the last 24 hours"))
    report = keep(root, SOURCE.name, own.pump_id, _readings(name, password, settings))
    progress(Step(1, 1, "the last 24 hours"))
    return [report]


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The readings fetched to data.root. Raises SettingsError or DataError if there are none."""
    return kept_events(settings, SOURCE.name, _zone(settings.of(DexcomShareSettings)))


def _zone(own: DexcomShareSettings) -> str:
    return known_zone(own.time_zone, "data.dexcom_share.time_zone", "the wearer's zone") if own.time_zone else ""


def _readings(name: SecretStr, password: SecretStr, settings: DataSettings) -> list[Reading]:
    library = _library()
    problem: Exception
    with silenced(LIBRARY):
        try:
            share = _share_class(library, settings)(
                username=name.get_secret_value(),
                password=password.get_secret_value(),
                region=library.Region(settings.of(DexcomShareSettings).region.value),
            )
            told = share.get_glucose_readings()
            return [(int(reading.datetime.timestamp()), float(reading.value)) for reading in told]
        except library.errors.AccountError:
            problem = SettingsError(
                f"{SITE} refused the name or the password. Correct {USERNAME_VARIABLE}, {PASSWORD_VARIABLE} or "
                "data.dexcom_share.region. It must be the wearer's account, with Share switched on in the Dexcom app"
            )
        except (library.errors.DexcomError, requests.RequestException, *_NONSENSE) as error:
            problem = not_understood(SITE, LIBRARY, error)
    # Raised outside the except block: the library's error holds the whole answer.
    raise problem


_NONSENSE = (KeyError, TypeError, ValueError, AttributeError, OverflowError)


def _library() -> Any:
    try:
        import_module(f"{LIBRARY}.errors")
        return import_module(LIBRARY)
    except ImportError as error:
        raise not_installed(SOURCE.name, LIBRARY) from error


def _share_class(library: Any, settings: DataSettings) -> Any:
    """The library's client, with a session that waits where the cloud is busy, but asks once where it refuses."""

    class Share(library.Dexcom):
        def _get_session(self) -> None:
            self._session = polite_session(SITE, settings.fetch, BUSY - {_REFUSES_WITH})
            super()._get_session()

    return Share
