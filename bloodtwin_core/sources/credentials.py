"""Secrets, from the environment or from a file that it names, and from nowhere else.

They are handed on as pydantic's SecretStr, which shows itself as stars wherever it is printed or logged.
"""

import os
from pathlib import Path

from pydantic import SecretStr

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.common.given_files import content_of, given_path

FILE_SUFFIX = "_FILE"
_LONGEST = 1 << 16
"""Bytes of a file that holds one secret."""


def secret(variable: str) -> SecretStr | None:
    """The secret in an environment variable, or in the file that `{variable}_FILE` names; None if neither is set.

    Raises SettingsError if both are set, or the file cannot be read or is empty.
    """
    given, named = os.environ.get(variable, ""), os.environ.get(f"{variable}{FILE_SUFFIX}", "")
    if given and named:
        raise SettingsError(f"{variable} and {variable}{FILE_SUFFIX} are both set. Unset one of them")
    if not named:
        return SecretStr(given) if given else None
    return _read(given_path(named), f"{variable}{FILE_SUFFIX}")


def required_secret(variable: str, what: str) -> SecretStr:
    """The same, for a secret that cannot be done without. Raises SettingsError, naming what it is, if it is not set."""
    value = secret(variable)
    if value is None:
        raise SettingsError(
            f"{what} is not known. Set {variable}, or let {variable}{FILE_SUFFIX} name a file that only you can read"
        )
    return value


def _read(path: Path, variable: str) -> SecretStr:
    try:
        content = content_of(path, _LONGEST).decode().strip("\r\n")
    except (DataError, UnicodeDecodeError) as error:
        raise SettingsError(
            f"{path}, which {variable} names, cannot be read ({type(error).__name__}). Correct {variable} or the file"
        ) from None
    if not content:
        raise SettingsError(f"{path}, which {variable} names, is empty. Write the secret into it, on one line")
    return SecretStr(content)
