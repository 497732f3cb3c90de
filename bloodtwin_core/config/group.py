"""What every group of settings is built on."""

from typing import Any

from pydantic import BaseModel, ConfigDict, field_validator

from bloodtwin_core.common.given_files import require_nameable

SECRET_GIVEN = "secret_given"
"""Type of pydantic error of a setting that may hold a secret, so that its value is not to be shown."""
LARGEST_TOLERANCE = 1.0
"""mg/dL; what differs by more does not agree, since sensors tell whole mg/dL."""


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
                require_nameable(text)
        return value
