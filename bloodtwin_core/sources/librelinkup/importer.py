"""LibreLinkUp through the library pylibrelinkup: about 12 hours of readings of everybody whom the account follows.

sync() fetches them to the folder data.root; events() reads what lies there and needs no network. Wearers are called by
the id that LibreLinkUp gives them, not by their names.
"""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from importlib import import_module
from types import SimpleNamespace
from typing import Any

import requests
from pydantic import SecretStr

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.progress import Progress, Step, silent
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.sources import FetchSettings
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.sources.credentials import required_secret
from bloodtwin_core.sources.fetching import FetchReport, asked_for, folder_of, known_zone
from bloodtwin_core.sources.http import polite_session, silenced
from bloodtwin_core.sources.librelinkup import SOURCE, LibreLinkUpSettings
from bloodtwin_core.sources.readings import Reading, keep, kept_events, not_installed, not_understood

EMAIL_VARIABLE, PASSWORD_VARIABLE = "BLOODTWIN_LIBRELINKUP_EMAIL", "BLOODTWIN_LIBRELINKUP_PASSWORD"
SITE, LIBRARY = "LibreLinkUp", "pylibrelinkup"
_CLIENT_MODULE = "pylibrelinkup.pylibrelinkup"
_NONSENSE = (KeyError, TypeError, ValueError, AttributeError, OverflowError)
_REFUSED = frozenset({400, 401, 403})


def sync(settings: DataSettings, progress: Progress = silent) -> list[FetchReport]:
    """Fetch the last hours of each wearer and keep what is new.

    Raises SettingsError if credentials, data.root or the library are missing, the login is refused or terms wait to be
    accepted; DataError if the cloud cannot be reached, answers nonsense, or does not know a wearer of data.pump_ids.
    """
    root, own = folder_of(settings), settings.of(LibreLinkUpSettings)
    _zone(own)
    email = required_secret(EMAIL_VARIABLE, "The e-mail address of the LibreLinkUp account")
    password = required_secret(PASSWORD_VARIABLE, "The password of the LibreLinkUp account")
    library = _library()
    with silenced(LIBRARY), _sessions(settings.fetch):
        client = _ask(library, lambda: _logged_in(library, email, password, own.region.value))
        wearers = _ask(library, lambda: {str(patient.patient_id): patient for patient in client.get_patients()})
        chosen = [name for name in wearers if name in asked_for(list(wearers), settings.pump_ids)]
        reports = []
        for done, name in enumerate(chosen):
            progress(Step(done, len(chosen), f"wearer {done + 1}"))
            readings = _ask(library, lambda name=name: _readings(client, name))  # type: ignore[misc]
            reports.append(keep(root, SOURCE.name, name, readings))
    return reports


def events(settings: DataSettings) -> Iterator[PumpEvents]:
    """The readings fetched to data.root. Raises SettingsError or DataError if there are none."""
    return kept_events(settings, SOURCE.name, _zone(settings.of(LibreLinkUpSettings)))


def _zone(own: LibreLinkUpSettings) -> str:
    return known_zone(own.time_zone, "data.librelinkup.time_zone", "the wearer's zone") if own.time_zone else ""


def _logged_in(library: Any, email: SecretStr, password: SecretStr, region: str) -> Any:
    """A client of the region's cloud, or of the one to which that sends it."""
    names = {"email": email.get_secret_value(), "password": password.get_secret_value()}
    client = library.PyLibreLinkUp(**names, api_url=library.APIUrl.from_string(region))
    try:
        client.authenticate()
    except library.exceptions.RedirectError as elsewhere:
        client = library.PyLibreLinkUp(**names, api_url=elsewhere.region)
        client.authenticate()
    return client


def _readings(client: Any, wearer: str) -> list[Reading]:
    """The readings of one wearer; the newest is told apart from those of the graph."""
    told = [*client.graph(wearer), client.latest(wearer)]
    return [(int(each.factory_timestamp.timestamp()), float(each.value_in_mg_per_dl)) for each in told]


def _ask(library: Any, call: Callable[[], Any]) -> Any:
    """What the cloud answers; its errors said without what it was answered."""
    problem: Exception
    said = library.exceptions
    try:
        return call()
    except said.AuthenticationError:
        problem = _refused()
    except (said.TermsOfUseError, said.PrivacyPolicyError, said.EmailVerificationError):
        problem = SettingsError(
            f"{SITE} waits for its terms to be accepted or the e-mail address to be verified. "
            "Log in to the LibreLinkUp app once and do so"
        )
    except requests.HTTPError as error:
        status = error.response.status_code if error.response is not None else 0
        problem = _refused() if status in _REFUSED else not_understood(SITE, LIBRARY, error)
    except (said.PyLibreLinkUpError, requests.RequestException, *_NONSENSE) as error:
        problem = not_understood(SITE, LIBRARY, error)
    # Raised outside the except block: the library's error may hold the whole answer, names and all.
    raise problem


def _refused() -> SettingsError:
    return SettingsError(
        f"{SITE} refused the e-mail address or the password. Correct {EMAIL_VARIABLE} and {PASSWORD_VARIABLE}; "
        "it is the account of the LibreLinkUp app, which follows the wearer"
    )


def _library() -> Any:
    try:
        import_module(f"{LIBRARY}.exceptions")
        return import_module(LIBRARY)
    except ImportError as error:
        raise not_installed(SOURCE.name, LIBRARY) from error


@contextmanager
def _sessions(settings: FetchSettings) -> Iterator[None]:
    """Have the library ask through a polite session: it uses the functions of requests and takes none from outside."""
    module: Any = import_module(_CLIENT_MODULE)
    of_library = module.requests
    session = polite_session(SITE, settings)
    module.requests = SimpleNamespace(get=session.get, post=session.post)
    try:
        yield
    finally:
        module.requests = of_library
