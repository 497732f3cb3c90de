"""A Nightscout site: versions 1 and 3 of its REST API, tokens, sessions and the API secret.

It behaves as cgm-remote-monitor does; each rule names the file of that project that it is taken from.
"""

import hashlib
from datetime import UTC, datetime, timedelta
from typing import Any

from tests.core.sources.servers.loopback import Answer, Asked, Loopback

TOKEN, API_SECRET = "reader-71c0ffee55aa", "my-long-api-secret-9d2e"
UNAUTHORIZED = Answer(401, {"status": 401, "message": "Unauthorized", "description": "Invalid/Missing"})
Documents = list[dict[str, Any]]

_OPERATORS = ("eq", "ne", "gt", "gte", "lt", "lte", "in", "nin", "re", "exists")
_RESERVED = ("token", "sort", "sort$desc", "limit", "skip", "fields", "now")
_SYSTEM_FIELDS = ("identifier", "srvCreated", "created_at", "date")
_NUMBERS_OF_V1 = {"entries": ("date", "sgv", "mbg"), "treatments": ("insulin", "carbs", "glucose"), "devicestatus": ()}
"""query_for of lib/server/entries.js, treatments.js, devicestatus.js: what is made a number of."""


class NightscoutServer(Loopback):
    """The site. speaks_v3: whether it answers version 3; page: the most documents of an answer of version 3.

    lists_deleted: version 1 of sites before lib/server/soft-deleted.js lists what version 3 marked as deleted.
    """

    def __init__(
        self, *, speaks_v3: bool = True, is_public: bool = False, page: int = 100, lists_deleted: bool = False
    ) -> None:
        super().__init__()
        self.speaks_v3, self.is_public, self.page, self.lists_deleted = speaks_v3, is_public, page, lists_deleted
        self.entries: Documents = []
        self.treatments: Documents = []
        self.statuses: Documents = []
        self.profiles: Documents = []
        self.sessions = 0
        self.sessions_last = 1_000_000
        self._answers_left = 0
        self._clock = 0

    @property
    def days_asked(self) -> list[str]:
        """The first moment of every page of treatments."""
        fields = ("created_at$gte", "find[created_at][$gte]")
        return [asked.query[name] for asked in self.asked_of("/treatments") for name in fields if name in asked.query]

    def delete(self, document: dict[str, Any], *, permanently: bool = False) -> None:
        """DELETE of version 3 only marks a document (lib/api3/generic/delete/operation.js), of version 1 removes it."""
        if permanently:
            self.treatments.remove(document)
        else:
            self._clock = max(_milliseconds(datetime.now(UTC)), self._clock + 1)
            document |= {"isValid": False, "srvModified": self._clock}

    def answer(self, asked: Asked) -> Answer:
        if asked.path.startswith("/api/v2/authorization/request/"):
            return self._session(asked.path.rpartition("/")[2])
        if not self._is_allowed(asked):
            return UNAUTHORIZED
        match asked.path.removeprefix("/api/").split("/"):
            case ["v1", "profile.json"]:
                newest_first = sorted(self.profiles, key=lambda one: str(one.get("startDate")), reverse=True)
                return Answer(body=newest_first[: int(asked.query.get("count", 10))])
            case ["v1", name] if name.removesuffix(".json") in self._collections:
                return Answer(body=self._v1(name.removesuffix(".json"), asked.query))
            case ["v3", name] if self.speaks_v3 and name in self._collections:
                return self._search(self._collections[name], asked.query)
            case ["v3", name, "history", since] if self.speaks_v3 and name in self._collections:
                return self._history(self._collections[name], float(since))
        return Answer(404, {"status": 404})

    @property
    def _collections(self) -> dict[str, Documents]:
        return {"entries": self.entries, "treatments": self.treatments, "devicestatus": self.statuses}

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

    def _search(self, documents: Documents, query: dict[str, str]) -> Answer:
        """SEARCH of version 3."""
        limit = int(query.get("limit", self.page))
        if limit > self.page:  # parseLimit of lib/api3/generic/collection.js: API3_MAX_LIMIT
            return Answer(400, {"status": 400, "message": "Parameter limit out of tolerance"})
        chosen = [one for one in documents if one.get("isValid") is not False]  # onlyValid of search/operation.js
        for name, text in query.items():
            field, _, operator = name.partition("$")
            if name in _RESERVED:
                continue
            if operator and operator not in _OPERATORS:  # parseFilter of lib/api3/generic/search/input.js
                return Answer(400, {"status": 400, "message": f"Unsupported filter operator {operator}"})
            bound = _v3_value(field, text)
            chosen = [one for one in chosen if _holds(one.get(field), operator or "eq", bound)]
        # parseSort: the field asked for, then identifier, created_at, date. Before normalizeDoc, so that documents of
        # version 1 have no identifier to sort by.
        for field in reversed([query.get("sort", "identifier"), "identifier", "created_at", "date"]):
            chosen = sorted(chosen, key=lambda one, field=field: _in_order(one.get(field)))
        skip = int(query.get("skip", 0))
        found = [_of_v3(one) for one in chosen[skip : skip + limit]]
        if wanted := query.get("fields"):  # lib/api3/shared/fieldsProjector.js
            found = [{name: value for name, value in one.items() if name in wanted.split(",")} for one in found]
        return Answer(body={"status": 200, "result": found})

    def _history(self, documents: Documents, since: float) -> Answer:
        """HISTORY of version 3 lists what is deleted too, by the field as it is stored (history/operation.js)."""
        chosen = [one for one in documents if _holds(one.get("srvModified"), "gt", since)]
        chosen.sort(key=lambda one: one["srvModified"])
        return Answer(body={"status": 200, "result": [_of_v3(one) for one in chosen[: self.page]]})

    def _v1(self, name: str, query: dict[str, str]) -> Documents:
        """list of lib/server/entries.js and treatments.js, with the query of lib/server/query.js."""
        field = "date" if name == "entries" else "created_at"
        chosen = [one for one in self._collections[name] if self.lists_deleted or one.get("isValid") is not False]
        finds = {key: value for key, value in query.items() if key.startswith("find[")}
        if not any(
            key.startswith(f"find[{field}]") for key in finds
        ):  # enforceDateFilter: four days, if none are named
            since = datetime.now(UTC) - timedelta(days=4)
            earliest: Any = _milliseconds(since) if name == "entries" else _iso(since)
            chosen = [one for one in chosen if _holds(one.get(field), "gte", earliest)]
        for key, text in finds.items():
            asked_field, _, operator = key.removeprefix("find[").removesuffix("]").partition("][$")
            bound: Any = text
            if asked_field in _NUMBERS_OF_V1[name]:
                bound = int(text)
            elif asked_field == field and not text.isdecimal():
                bound = _iso(datetime.fromisoformat(text))  # rewritten to UTC
            chosen = [one for one in chosen if _holds(one.get(asked_field), operator or "eq", bound)]
        ascending = query.get(f"sort[{field}]") == "1"
        chosen = sorted(chosen, key=lambda one: _in_order(one.get(field)), reverse=not ascending)
        return [dict(one) for one in chosen[: int(query.get("count", 10))]]


def _of_v3(document: dict[str, Any]) -> dict[str, Any]:
    """Known by identifier alone (normalizeDoc of lib/api3/storage/mongoCollection/utils.js), srvModified filled in from
    the document's time where it is not stored (resolveDates of lib/api3/generic/collection.js).
    """
    plain = {name: value for name, value in document.items() if name != "_id"}
    plain["identifier"] = str(document.get("identifier") or document["_id"])
    if "srvModified" not in plain:
        stated = document.get("created_at") or document.get("date")
        time = datetime.fromisoformat(stated).timestamp() * 1000 if isinstance(stated, str) else stated
        plain |= {"srvModified": time, "srvCreated": time}
    return plain


def _v3_value(field: str, text: str) -> Any:
    """parseValue of lib/api3/generic/search/input.js."""
    value: Any = float(text) if text.replace(".", "", 1).isdecimal() else text
    if field == "created_at" and isinstance(value, str) and value:
        return _iso(datetime.fromisoformat(value))
    return value


def _holds(value: Any, operator: str, bound: Any) -> bool:
    """MongoDB compares only within a type: a number is neither more nor less than a text, and what is missing is
    neither, but not equal to it either.
    """
    match operator:
        case "exists":
            return value is not None
        case "ne":
            return bool(value != bound)
        case "eq":
            return bool(value == bound)
    if value is None or isinstance(value, str) != isinstance(bound, str):
        return False
    below, same = value < bound, value == bound
    return bool({"gt": not below and not same, "gte": not below, "lt": below, "lte": below or same}[operator])


def _in_order(value: Any) -> tuple[int, Any]:
    """MongoDB sorts what is missing first, then numbers, then texts."""
    return (0, 0) if value is None else (2, value) if isinstance(value, str) else (1, value)


def _iso(time: datetime) -> str:
    return time.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")


def _milliseconds(time: datetime) -> int:
    return int(time.timestamp() * 1000)
