"""What every group of settings is built on."""

from pydantic import BaseModel, ConfigDict

SECRET_GIVEN = "secret_given"
"""Type of pydantic error of a setting that may hold a secret, so that its value is not to be shown."""
LARGEST_TOLERANCE = 1.0
"""mg/dL; what differs by more does not agree, since sensors tell whole mg/dL."""


class SettingsGroup(BaseModel):
    """A group of settings; an unknown name is an error rather than a silent default.

    Numbers are finite: against an infinite tolerance or target every check would pass.
    """

    model_config = ConfigDict(extra="forbid", frozen=True, allow_inf_nan=False)
