"""Which kind of export a file of JSON or XML is, from its name and its first lines: exports may be of any size."""

import re
from pathlib import Path

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.common.given_files import head_of, opened_zip

TIDEPOOL, DUMP, OHIO, APPLE = "tidepool", "nightscout_dump", "ohio_t1dm", "apple_health"
JSON_FILES = ("*.json", "*.json.gz", "*/*.json", "*/*.json.gz")
XML_FILES = ("*.xml", "*/*.xml", "*/*/*.xml")
ARCHIVES = ("*.zip", "*/*.zip")
_HEAD = 20_000
_OF_SITE = re.compile(r"entries|treatments|profile|devicestatus")
_TIDEPOOL = re.compile(r'"(deviceId|uploadId)"\s*:')
_TIDEPOOL_TYPE = re.compile(r'"type"\s*:\s*"(cbg|smbg|basal|bolus|wizard|upload|pumpSettings|food|insulin)"')


def source_of_document(path: Path) -> str:
    """The name of the source; "" if the file is of none of these."""
    name = path.name.casefold()
    if name.endswith((".json", ".json.gz")):
        return _of_json(name, _head(path))
    if name.endswith(".xml"):
        return _of_xml(_head(path))
    return APPLE if name.endswith(".zip") and _is_apple_archive(path) else ""


def _of_json(name: str, head: str) -> str:
    if _TIDEPOOL.search(head) and _TIDEPOOL_TYPE.search(head):
        return TIDEPOOL
    return DUMP if _OF_SITE.search(name) else ""


def _of_xml(head: str) -> str:
    if "<HealthData" in head or "<!DOCTYPE HealthData" in head:
        return APPLE
    return OHIO if re.search(r"<patient\s[^>]*id=", head) else ""


def _is_apple_archive(path: Path) -> bool:
    try:
        with opened_zip(path) as archive:
            for name in archive.namelist():
                if name.lower().endswith(".xml"):
                    with archive.open(name) as member:
                        if _of_xml(member.read(_HEAD).decode(errors="replace")) == APPLE:
                            return True
    except DataError:
        return False
    return False


def _head(path: Path) -> str:
    """The first letters; what cannot be read is of no source, and its reader says why."""
    return head_of(path, _HEAD).decode(errors="replace")
