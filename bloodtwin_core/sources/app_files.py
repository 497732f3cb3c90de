"""Which app wrote an export that is no plain table: Glooko or xDrip+, packed or not, told by name and first bytes."""

import re
from pathlib import Path

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.common.given_files import head_of, opened_zip

GLOOKO, XDRIP = "glooko", "xdrip"
_GLOOKO_FILE = re.compile(r"(cgm|basal|bolus|insulin)_data_\d+\.csv", re.IGNORECASE)
_XDRIP_FILE = re.compile(r"export[\d-]*\.(csv|sqlite)")
_START = 100
"""Bytes of a file that tell what it is."""
_ZIP_START, _DATABASE_START, _SIDIARY_START = b"PK\x03\x04", b"SQLite format 3\x00", b"DAY;TIME;UDT_CGMS"


def source_of_app_file(path: Path) -> str:
    """The name of the source; "" if the file is of neither app."""
    if _GLOOKO_FILE.fullmatch(path.name):
        return GLOOKO
    start = head_of(path, _START)
    if not start.startswith(_ZIP_START):
        return XDRIP if start.startswith(_DATABASE_START) or _SIDIARY_START in start else ""
    try:
        with opened_zip(path) as packed:
            names = [Path(name).name for name in packed.namelist()]
    except DataError:
        return ""
    if any(_GLOOKO_FILE.fullmatch(name) for name in names):
        return GLOOKO
    return XDRIP if any(_XDRIP_FILE.fullmatch(name) for name in names) else ""
