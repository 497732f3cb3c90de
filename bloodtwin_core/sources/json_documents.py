"""The documents of a JSON file: one array, one document a line, or the answer of an API with a list in it.

Extended JSON of MongoDB's own export ({"$oid": ...}, {"$date": ...}, {"$numberLong": ...}) is read as plain JSON.
"""

import json
import reprlib
from pathlib import Path
from typing import Any

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.common.given_files import content_of, gunzipped

_LISTS = ("result", "data")
"""Where answers keep their documents: Nightscout's API 3, and some tools that fetch Tidepool's."""
_QUOTED = 60
_TODO = "Export it again, or remove it from the folder"
_NO_JSON = (ValueError, RecursionError, TypeError)
"""What is raised for text that is no JSON, is nested too deep, or holds a number of MongoDB's that is none."""


def documents_of(path: Path) -> list[dict[str, Any]]:
    """The documents of a .json or .json.gz file. Raises DataError, with file and line, if it cannot be understood."""
    text = _text(path)
    try:
        told = json.loads(text, object_hook=_plain)
    except _NO_JSON as error:
        documents = _by_line(path, text, error)
    else:
        documents = _listed(told)
    for place, document in enumerate(documents):
        if not isinstance(document, dict):
            what = f"entry {place + 1} is no document but {reprlib.repr(document)[:_QUOTED]}"
            raise DataError(what, todo=_TODO, file=path)
    return documents


def _text(path: Path) -> str:
    content = content_of(path)
    try:
        text = (gunzipped(path, content) if path.suffix.lower() == ".gz" else content).decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"the file cannot be read: {str(error)[:_QUOTED]}", todo=_TODO, file=path) from error
    if not text.strip():
        raise DataError("the file is empty", todo=_TODO, file=path)
    return text


def _listed(told: Any) -> list[Any]:
    if isinstance(told, dict):
        return next((told[name] for name in _LISTS if isinstance(told.get(name), list)), [told])
    return told if isinstance(told, list) else [told]


def _by_line(path: Path, text: str, error: Exception) -> list[Any]:
    """One document a line, as mongoexport writes them; error: why the file is not one piece of JSON."""
    lines = [(number, line) for number, line in enumerate(text.split("\n"), start=1) if line.strip()]
    if len(lines) < 2 or not all(line.lstrip().startswith("{") for _, line in lines):
        place = error.lineno if isinstance(error, json.JSONDecodeError) else None
        raise DataError(f"the file is no JSON: {str(error)[:_QUOTED]}", todo=_TODO, file=path, line=place) from error
    documents = []
    for number, line in lines:
        try:
            documents.append(json.loads(line, object_hook=_plain))
        except _NO_JSON as fault:
            what = f"the line is no JSON: {str(fault)[:_QUOTED]}"
            raise DataError(what, todo=_TODO, file=path, line=number) from fault
    return documents


def _plain(document: dict[str, Any]) -> Any:
    if len(document) == 1:
        ((name, value),) = document.items()
        if name in ("$numberLong", "$numberInt"):
            return int(value)
        if name in ("$numberDouble", "$numberDecimal"):
            return float(value)
        if name in ("$oid", "$date"):
            return value
    return document
