"""A Nightscout site: versions 1 and 3 of its REST API, tokens, sessions and the API secret."""

import hashlib
from typing import Any

from tests.core.sources.servers.loopback import Answer, Asked, Loopback

TOKEN, API_SECRET = "reader-71c0ffee55aa", "my-long-api-secret-9d2e"
UNAUTHORIZED = Answer(401, {"status": 401, "message": "Unauthorized", "description": "Invalid/Missing"})


class NightscoutServer(Loopback):
    """The site. speaks_v3: whether it answers version 3; page: the most documents of an answer of version 3."""

    def __init__(self, *, speaks_v3: bool = True, is_public: bool = False, page: int = 100) -> None:
        super().__init__()
        self.speaks_v3, self.is_public, self.page = speaks_v3, is_public, page
        self.entries: list[dict[str, Any]] = []
        self.treatments: list[dict[str, Any]] = []
        self.profiles: list[dict[str, Any]] = []
        self.sessions = 0
        self.sessions_last = 1_000_000
        self._answers_left = 0

    @property
    def days_asked(self) -> list[str]:
        """The first moment of every page of treatments."""
        fields = ("created_at$gte", "find[created_at][$gte]")
        return [asked.query[name] for asked in self.asked_of("/treatments") for name in fields if name in asked.query]

    def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/api/v2/authorization/request/"):
            return self._session(asked.path.rpartition("/")[2])
        if not self._is_allowed(asked):
            return UNAUTHORIZED
        match asked.path:
            case "/api/v1/profile.json":
                return Answer(body=self.profiles[: int(asked.query.get("count", 10))])
            case "/api/v1/entries.json":
                return Answer(body=_v1(self.entries, "date", asked.query))
            case "/api/v1/treatments.json":
                return Answer(body=_v1(self.treatments, "created_at", asked.query))
            case "/api/v3/entries" if self.speaks_v3:
                return Answer(body={"status": 200, "result": self._v3(self.entries, "date", asked.query)})
            case "/api/v3/treatments" if self.speaks_v3:
                return Answer(body={"status": 200, "result": self._v3(self.treatments, "created_at", asked.query)})
        return Answer(404, {"status": 404})

    def _session(self, token: str) -> Answer:
        if token != TOKEN:
            return UNAUTHORIZED
        self.sessions += 1
        self._answers_left = self.sessions_last
        return Answer(body={"token": f"session-{self.sessions}", "sub": "reader", "iat": 0, "exp": 3600})

    def _is_allowed(self, asked: Asked) -> bool:
        is_v3 = asked.path.startswith("/api/v3")
        by_secret = asked.headers.get("api-secret") == hashlib.sha1(API_SECRET.encode()).hexdigest()
        by_session = asked.headers.get("authorization") == f"Bearer session-{self.sessions}" and self._answers_left > 0
        self._answers_left -= by_session
        return self.is_public or by_session or (by_secret and not is_v3)

    def _v3(self, documents: list[dict[str, Any]], field: str, query: dict[str, str]) -> list[dict[str, Any]]:
        low, high = query.get(f"{field}$gte"), query.get(f"{field}$lte")
        chosen = [document for document in documents if _between(document[field], low, high)]
        # Documents of version 3 are known by identifier alone.
        plain = [
            {**{name: value for name, value in document.items() if name != "_id"}, "identifier": _identifier(document)}
            for document in chosen
        ]
        return sorted(plain, key=lambda document: document[query.get("sort", field)])[
            : int(query.get("limit", self.page))
        ]


def _identifier(document: dict[str, Any]) -> str:
    return str(document.get("identifier") or document["_id"])


def _v1(documents: list[dict[str, Any]], field: str, query: dict[str, str]) -> list[dict[str, Any]]:
    low, high = query.get(f"find[{field}][$gte]"), query.get(f"find[{field}][$lte]")
    chosen = [document for document in documents if _between(document[field], low, high)]
    return sorted(chosen, key=lambda document: document[field], reverse=True)[: int(query.get("count", 10))]


def _between(value: Any, low: str | None, high: str | None) -> bool:
    bound = int if isinstance(value, int) else str
    return (low is None or bound(low) <= value) and (high is None or value <= bound(high))
