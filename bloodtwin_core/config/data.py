"""Where records come from and how they are cut into windows: what holds for every source.

Each source adds the group of its own settings under its own name, data.tandem for tandem: see sources/settings.py.
"""

from typing import TypeVar

from pydantic import Field, model_validator

from bloodtwin_core.common.origin_defaults import MAX_GAP_HOURS, MAX_READING_AGE_MINUTES, MIN_MEASURED_SHARE
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.config.sources import FetchSettings, TrainOnlySource

Group = TypeVar("Group", bound=SettingsGroup)


class DataSettings(SettingsGroup):
    """Where records come from and how they are cut into windows."""

    source: str = Field(
        default="simulator",
        description="Name of the source; docs/sources.md has the table.",
    )
    root: str = Field(
        default="",
        description="Folder of the source's files, relative to where the command runs. The simulator needs none.",
    )
    pump_ids: list[str] = Field(default=[], description="Pumps to use; empty means all that are there.")
    held_out_pump_ids: list[str] = Field(
        default=[],
        description="Pumps that are tested but neither trained nor validated on, as an unseen person would be.",
    )
    learn_also_from: list[TrainOnlySource] = Field(
        default=[],
        description="Further sources, [{source: brist1d, root: folder, pump_ids: []}], all of whose records are "
        "trained on; none is tested. Their pump ids begin with their source's name.",
    )
    wearers: dict[str, list[str]] = Field(
        default={},
        description="Pumps that one person wore, by a name of your choice: {anna: ['881235', '901161']}. "
        "Overlaps across their splits are reported as leaks.",
    )
    join_wearers: bool = Field(
        default=False,
        description="Make one history of the pumps of each wearer, under the wearer's name, for sources of events.",
    )
    fetch: FetchSettings = Field(default_factory=FetchSettings, description="How a cloud or site is asked.")
    extra_features: list[str] = Field(
        default=[],
        description="Features beyond the contract's eight.",
    )
    newest_days: int = Field(
        default=0,
        ge=0,
        le=36_500,
        description="Days back from each pump's newest record that are used; 0 uses all. Split files of others stay.",
    )
    train_fraction: float = Field(
        default=0.70, gt=0.0, lt=1.0, description="Oldest share of each pump's records, for training."
    )
    validate_fraction: float = Field(
        default=0.15, gt=0.0, lt=1.0, description="Next share, for choosing; the rest is for testing."
    )
    lookback: int = Field(
        default=288, ge=2, le=2016, description="Records a forecast looks back on (5 min each; 288 = 24 h)."
    )
    horizon: int = Field(default=12, ge=1, le=24, description="Records forecast (5 min each; 12 = 60 min).")
    stride: int = Field(default=1, ge=1, le=288, description="Training uses every stride-th forecast origin.")
    max_gap_hours: float = Field(
        default=MAX_GAP_HOURS, gt=0.0, le=48.0, description="A longer gap in glucose (h) ends a segment."
    )
    block_breaks: bool = Field(
        default=False,
        description="A hole in a file's rows longer than max_gap_hours is an error, not a warning.",
    )
    max_reading_age_minutes: float = Field(
        default=MAX_READING_AGE_MINUTES,
        ge=0.0,
        le=60.0,
        description="Oldest last reading (min) from which a forecast may start.",
    )
    min_measured_share: float = Field(
        default=MIN_MEASURED_SHARE,
        ge=0.0,
        le=1.0,
        description="Smallest measured share of the lookback from which a forecast may start.",
    )

    @model_validator(mode="after")
    def _leaves_something_to_test(self) -> "DataSettings":
        if self.train_fraction + self.validate_fraction >= 1.0:
            raise ValueError(
                "data.train_fraction + data.validate_fraction must stay below 1, so that a test split remains"
            )
        return self

    @model_validator(mode="after")
    def _holds_whole_people_out(self) -> "DataSettings":
        for wearer, pumps in self.wearers.items():
            held_out, kept = (
                [pump for pump in pumps if (pump in self.held_out_pump_ids) is out] for out in (True, False)
            )
            if held_out and kept:
                raise ValueError(
                    f"data.held_out_pump_ids holds out {', '.join(held_out)} but not {', '.join(kept)}, which {wearer} "
                    "wore too (data.wearers), so that the network would know the person. Hold out all of their pumps"
                )
        return self

    def of(self, group: type[Group]) -> Group:
        """The settings of one source, by their model; their defaults where data has no group of that model."""
        stated = [value for _, value in self if isinstance(value, group)]
        return stated[0] if stated else group()
