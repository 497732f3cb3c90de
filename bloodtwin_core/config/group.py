"""What every group of settings is built on."""

from pydantic import BaseModel, ConfigDict


class SettingsGroup(BaseModel):
    """A group of settings; an unknown name is an error rather than a silent default."""

    model_config = ConfigDict(extra="forbid", frozen=True)
