"""What every group of settings is built on."""

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

SECRET_GIVEN = "secret_given"
"""Type of pydantic error of a setting that may hold a secret, so that its value is not to be shown."""
LARGEST_TOLERANCE = 1.0
"""mg/dL; what differs by more does not agree, since sensors tell whole mg/dL."""

LONGEST_TEXT, LONGEST_NAME = 4096, 255
"""Bytes of a whole text and of a part of it between slashes: what Linux takes as a path and as the name of a file."""


class SettingsGroup(BaseModel):
    """A group of settings; an unknown name is an error rather than a silent default.

    Numbers are finite: against an infinite tolerance or target every check would pass. Texts may name a file: they are
    no longer than a path may be and hold no control characters.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False, hide_input_in_errors=True)

    @field_validator("*", mode="after")
    @classmethod
    def _may_name_a_file(cls, value: Any) -> Any:
        for text in value if isinstance(value, list | tuple) else [value]:
            if isinstance(text, str):
                _require_nameable(text)
        return value


def _require_nameable(text: str) -> None:
    if any(ord(character) < ord(" ") or ord(character) == 127 for character in text):
        raise ValueError("must hold no control character")
    if len(text.encode()) > LONGEST_TEXT or any(len(part.encode()) > LONGEST_NAME for part in text.split("/")):
        raise ValueError(f"must have at most {LONGEST_TEXT} bytes, and {LONGEST_NAME} between slashes")
