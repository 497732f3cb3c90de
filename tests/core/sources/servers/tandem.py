"""Tandem Source as tconnectsync asks it: the login with its redirects and signed token, the pumps, and their logs."""

import base64
import hashlib
import json
import random
import time
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode

import jwt
import numpy as np
import pytest
from cryptography.hazmat.primitives.asymmetric import rsa
from jwt.algorithms import RSAAlgorithm
from tconnectsync.api.tandemsource import TandemSourceApi

from tests.core.sources.servers.loopback import Answer, Asked, Loopback

EMAIL, PASSWORD = "wearer-8d1f@example.org", "correct-horse-3b7c"
PUMPER = "5f0c2f0e-pumper"
LONGEST_WINDOW_DAYS = 28
CLOCK_CODES = (13, 14)


@dataclass
class Pump:
    """A pump of the account, with the log that was uploaded so far."""

    serial: str = "881235"
    events: list[dict[str, Any]] = field(default_factory=list)
    model: str = "t:slim X2"

    @property
    def device(self) -> str:
        return f"device-of-{self.serial}"

    def described(self) -> dict[str, Any]:
        times = sorted(event["pumpDateTime"] for event in self.events)
        reach = {"start": times[0], "end": times[-1]} if times else {"start": None, "end": None}
        return {
            "assignmentId": self.device,
            "serialNumber": self.serial,
            "modelNumber": "1002717",
            "modelName": self.model,
            "softwareVersion": "7.7",
            "availableDataRange": reach,
            "maxDateOfEvents": reach["end"],
        }


class TandemServer(Loopback):
    """The cloud. tokens_last: answers with one access token before it expires, and the library must log in again."""

    def __init__(self, pumps: Sequence[Pump], tokens_last: int = 1_000_000) -> None:
        super().__init__()
        self.pumps = {pump.device: pump for pump in pumps}
        self.tokens_last = tokens_last
        self.logins = 0
        self.shuffled = False
        self._challenges: dict[str, str] = {}
        self._answers_left = 0

    def lend_to(self, monkeypatch: pytest.MonkeyPatch, region: str = "US") -> None:
        """Have the library take this server for Tandem's, and know the credentials."""
        monkeypatch.setattr(TandemSourceApi, "LOGIN_PAGE_URL", f"{self.url}/")
        monkeypatch.setattr(TandemSourceApi, f"_{region}_URLS", self.urls)
        monkeypatch.setenv("BLOODTWIN_TANDEM_EMAIL", EMAIL)
        monkeypatch.setenv("BLOODTWIN_TANDEM_PASSWORD", PASSWORD)

    @property
    def urls(self) -> dict[str, str]:
        paths = {
            "LOGIN_API_URL": "/accounts/api/login",
            "TDC_OAUTH_AUTHORIZE_URL": "/accounts/api/oauth2/v1/authorize",
            "TDC_OIDC_JWKS_URL": "/accounts/api/jwks",
            "TDC_OIDC_ISSUER": "/accounts/api",
            "SOURCE_URL": "/",
            "REDIRECT_URI": "/auth/callback",
            "TOKEN_ENDPOINT": "/accounts/api/connect/token",
            "AUTHORIZATION_ENDPOINT": "/accounts/api/connect/authorize",
        }
        return {"TDC_OIDC_CLIENT_ID": "client", **{name: self.url + path for name, path in paths.items()}}

    @property
    def windows_asked(self) -> list[tuple[str, str]]:
        """First and last day of every log that was asked for."""
        return [(asked.query["startDate"][:10], asked.query["endDate"][:10]) for asked in self.asked_of("/pump-logs/")]

    def answer(self, asked: Asked) -> Answer:
        match asked.path.removeprefix("/accounts/api"):
            case "/" | "/auth/callback":
                return Answer(body="<html></html>")
            case "/login":
                return self._login(asked.json())
            case "/connect/authorize":
                code = f"code-{len(self._challenges)}"
                self._challenges[code] = asked.query["code_challenge"]
                return Answer(302, headers={"Location": f"{asked.query['redirect_uri']}?{urlencode({'code': code})}"})
            case "/connect/token":
                return self._token(asked.form())
            case "/jwks":
                return Answer(body={"keys": [{**json.loads(RSAAlgorithm.to_jwk(_key().public_key())), "kid": "one"}]})
        return self._api(asked)

    def _login(self, given: dict[str, str]) -> Answer:
        if given != {"username": EMAIL, "password": PASSWORD}:
            return Answer(401, {"status": "FAILED", "echo": given})
        return Answer(body={"redirectUrl": "/", "status": "SUCCESS"})

    def _token(self, form: dict[str, str]) -> Answer:
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).decode().rstrip("=") != self._challenges.pop(form["code"], None):
            return Answer(400, {"error": "invalid_grant"})
        self.logins += 1
        self._answers_left = self.tokens_last
        now = int(time.time())
        claims = {
            "iss": self.urls["TDC_OIDC_ISSUER"],
            "aud": "client",
            "iat": now,
            "exp": now + 3600,
            "pumperId": PUMPER,
            "accountId": "account",
            "email": EMAIL,
        }
        token = jwt.encode(claims, _key(), algorithm="RS256", headers={"kid": "one"})
        access = f"access-token-{self.logins}"
        return Answer(body={"access_token": access, "id_token": token, "expires_in": 3600})

    def _api(self, asked: Asked) -> Answer:
        current = asked.headers.get("authorization") == f"Bearer access-token-{self.logins}"
        if not current or not self._answers_left:
            return Answer(401, {"message": "Unauthorized", "seen": asked.headers.get("authorization")})
        self._answers_left -= 1
        part, _, device = asked.path.removeprefix("/api/reports/bff/").partition("/")
        if part == "pumper" and device == PUMPER:
            return Answer(body={"name": "A. Wearer", "pumps": [pump.described() for pump in self.pumps.values()]})
        if part == "pump-logs" and device in self.pumps and asked.query["pumperId"] == PUMPER:
            return self._log(self.pumps[device], asked.query)
        return Answer(404, {"message": "Not found"})

    def _log(self, pump: Pump, query: dict[str, str]) -> Answer:
        first, last = query["startDate"].rstrip("Z"), query["endDate"].rstrip("Z")
        if np.datetime64(last) - np.datetime64(first) > np.timedelta64(LONGEST_WINDOW_DAYS, "D"):
            return Answer(400, {"message": "The window is too long"})
        codes = {int(code) for code in query["eventCodes"].split(",")}
        events = [
            event for event in pump.events if first <= event["pumpDateTime"] <= last and event["eventCode"] in codes
        ]
        if self.shuffled:
            chance = random.Random(len(events))
            events = [*events, *chance.sample(events, len(events) // 3)]
            chance.shuffle(events)
        plain = [event for event in events if event["eventCode"] not in CLOCK_CODES]
        changes = [event for event in pump.events if event["eventCode"] in CLOCK_CODES]
        return Answer(body={"events": plain, "clockChanges": changes})


@cache
def _key() -> rsa.RSAPrivateKey:
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)
