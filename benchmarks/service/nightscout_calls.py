"""The Nightscout routes in OpenAPI, for fuzzing alone: fields that mean something, with whatever may stand in them."""

from typing import Any

from bloodtwin_core.service.moments import moment_at, stamp
from bloodtwin_core.service.nightscout.documents import Collection

Schema = dict[str, Any]
_ANY: Schema = {"type": ["string", "number", "boolean", "null", "array", "object"]}
_EVENTS = (
    *(
        "Temp Basal",
        "Combo Bolus",
        "Meal Bolus",
        "Correction Bolus",
        "Bolus",
        "Carb Correction",
        "Profile Switch",
        "Note",
    ),
    *("Suspend Pump", "Resume Pump", "OpenAPS Offline", "Sensor Start", "Site Change", "<none>"),
)
_NUMBERS = (
    *(
        "sgv",
        "mbg",
        "insulin",
        "carbs",
        "duration",
        "absolute",
        "rate",
        "percent",
        "enteredinsulin",
        "splitNow",
        "splitExt",
    ),
    *(
        "durationInMilliseconds",
        "percentage",
        "timeshift",
        "originalPercentage",
        "originalEnd",
        "relative",
        "utcOffset",
    ),
    *("srvModified", "pumpId", "amount"),
)
_WORDS = (
    "_id",
    "syncIdentifier",
    "device",
    "enteredBy",
    "app",
    "notes",
    "insulinType",
    "profile",
    "profileJson",
    "units",
)
_CONDITIONS = (
    "find[created_at][$gte]",
    "find[dateString][$lte]",
    "find[sgv][$in][]",
    "find[_id]",
    "find[a.b][$exists]",
)


def calls(now: int) -> Schema:
    """A description of the routes; times that are accepted lie around a second since 1970."""
    times = [now, now - 300, now - 86_400]
    paths: dict[str, Schema] = {}
    for collection in Collection:
        document = _document(times)
        taken = {"schema": {"anyOf": [{"type": "array", "items": document, "maxItems": 6}, document]}}
        body = {"required": True, "content": {"application/json": taken}}
        sending = {"requestBody": body, "responses": _ANSWERED}
        queried = [
            _parameter(name, "query", {"anyOf": [{"enum": _stamps(times)}, {"type": "string"}]}) for name in _CONDITIONS
        ]
        count = _parameter("count", "query", {"anyOf": [{"type": "integer"}, {"type": "string"}]})
        listing = {"parameters": [*queried, count], "responses": _ANSWERED}
        paths[f"/api/v1/{collection}"] = {"get": listing, "post": sending, "put": sending}
        named = [_parameter("id", "path", {"type": "string", "minLength": 1})]
        paths[f"/api/v1/{collection}/{{id}}"] = {"delete": {"parameters": named, "responses": _ANSWERED}}
    spec = [_parameter("spec", "path", {"type": "string", "minLength": 1})]
    paths["/api/v1/entries/{spec}"] = {"get": {"parameters": spec, "responses": _ANSWERED}}
    for path in ("status.json", "verifyauth", "experiments/test", "profile/current", "entries/current.json"):
        paths[f"/api/v1/{path}"] = {"get": {"responses": _ANSWERED}}
    return {"openapi": "3.1.0", "info": {"title": "Nightscout", "version": "1"}, "paths": paths}


_ANSWERED: Schema = {"default": {"description": "Any"}}


def _parameter(name: str, place: str, schema: Schema) -> Schema:
    return {"name": name, "in": place, "required": place == "path", "schema": schema}


def _stamps(times: list[int]) -> list[str]:
    return [stamp(moment_at(second)) for second in times]


def _document(times: list[int]) -> Schema:
    when: Schema = {"enum": [*_stamps(times), *(1000 * second for second in times)]}
    number: Schema = {"anyOf": [{"type": "number", "minimum": 0, "maximum": 400}, _ANY]}
    word: Schema = {"anyOf": [{"type": "string"}, _ANY]}
    pump: Schema = {
        "type": "object",
        "properties": {"suspended": _ANY, "reservoir": number, "status": _ANY, "iob": _ANY},
    }
    said: dict[str, Schema] = {
        **dict.fromkeys(("created_at", "date", "startDate"), when),
        **{name: {"anyOf": [when, _ANY]} for name in ("dateString", "mills", "timestamp")},
        **dict.fromkeys(_NUMBERS, number),
        **dict.fromkeys(_WORDS, word),
        "type": {"anyOf": [{"enum": ["sgv", "mbg", "cal"]}, _ANY]},
        "eventType": {"anyOf": [{"enum": list(_EVENTS)}, _ANY]},
        "pump": {"anyOf": [pump, _ANY]},
        "openaps": {"anyOf": [{"type": "object", "properties": {"iob": _ANY}}, _ANY]},
        "defaultProfile": {"anyOf": [{"enum": ["Day", "Night"]}, _ANY]},
        "store": {
            "anyOf": [{"type": "object", "properties": {"Day": _content(number), "Night": _content(number)}}, _ANY]
        },
    }
    return {"type": "object", "properties": said, "required": ["created_at", "date", "startDate"]}


def _content(number: Schema) -> Schema:
    """Of a profile."""
    step = {"type": "object", "properties": {"timeAsSeconds": number, "time": _ANY, "value": number}}
    zones = ["Europe/Berlin", "GMT-0500", "Etc/GMT+5", "CEST", "+01:00", ""]
    basal = {"anyOf": [{"type": "array", "items": step, "maxItems": 4}, _ANY]}
    zone = {"anyOf": [{"enum": zones}, _ANY]}
    return {
        "anyOf": [{"type": "object", "properties": {"basal": basal, "timezone": zone}, "required": ["basal"]}, _ANY]
    }
