"""Our forecast written to the wearer's own Nightscout site, for apps that read the site. Off by default."""

import hashlib

import requests

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.service.engine import Made
from bloodtwin_core.service.feeds.pulling import Pull
from bloodtwin_core.service.nightscout.predicted import devicestatus
from bloodtwin_core.sources.credentials import secret
from bloodtwin_core.sources.http import silenced
from bloodtwin_core.sources.nightscout import SOURCE, NightscoutSettings

API_SECRET_VARIABLE = "BLOODTWIN_NIGHTSCOUT_API_SECRET"
_PATIENCE_SECONDS = 20.0


class SiteWriter:
    """Writes a devicestatus for each new forecast."""

    def __init__(self, url: str, api_secret: str) -> None:
        self._url = f"{url.rstrip('/')}/api/v1/devicestatus"
        self._secret = hashlib.sha1(api_secret.encode(), usedforsecurity=False).hexdigest()
        self._written = ""

    @classmethod
    def of(cls, pull: Pull) -> "SiteWriter":
        """The writer to a feed's site. Raises SettingsError if the feed is of no site, or there is no secret."""
        if pull.source.name != SOURCE.name:
            raise SettingsError(f"writes_forecast is for feeds of nightscout, not of {pull.source.name}. Leave it out")
        api_secret = secret(API_SECRET_VARIABLE)
        if api_secret is None:
            raise SettingsError(f"writes_forecast needs the site's API secret. Set {API_SECRET_VARIABLE}")
        return cls(pull.settings.of(NightscoutSettings).url, api_secret.get_secret_value())

    def write(self, made: Made) -> None:
        """Write the forecast, once for each reading. Raises DataError if the site does not take it."""
        document = devicestatus(made)
        if document is None or document["_id"] == self._written or made.outlook.forecast is None:
            return
        # A site has ids of its own.
        name = document.pop("_id")
        try:
            with silenced():
                answer = requests.post(
                    self._url,
                    json=[document],
                    headers={"api-secret": self._secret},
                    timeout=_PATIENCE_SECONDS,
                    allow_redirects=False,
                )
        except requests.RequestException:
            answer = None
        if answer is None or answer.status_code != 200:
            told = "did not answer" if answer is None else f"answered {answer.status_code}"
            raise DataError(f"the site {told} when the forecast was written", todo="Look at its address and secret")
        self._written = name
