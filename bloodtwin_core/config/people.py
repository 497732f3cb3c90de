"""Personal models of many people, each a job of its own beside the main line."""

from pydantic import Field

from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.config.training import PUBLISHED


class PeopleSettings(SettingsGroup):
    """For whom personal models are made beside the main line, and from what; see pipeline/people.py."""

    pump_ids: list[str] = Field(
        default=[], description="Pumps of data.source, each of which is given a model of its own; a partition each."
    )
    start_from: str = Field(
        default=PUBLISHED,
        description="What they begin with: published (the version in use), pretrained (the base model of the package) "
        "or the path of a checkpoint.",
    )
    workers: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="Processes that work at once on one machine, one pump each; 0 takes one for each core.",
    )
