"""Every setting, once: what it means, its unit, its limits and its default. Those of a source stand in its own file.

The Dagster resources are made from these models, so a limit here is a limit in the Launchpad too. Lists are plain
defaults, which pydantic copies for each model, because the Launchpad shows no default that a factory makes.
"""

from typing import Any

from pydantic import Field, SerializeAsAny

from bloodtwin_core.config.control import ControlSettings
from bloodtwin_core.config.data import DataSettings
from bloodtwin_core.config.evaluation import EvaluationSettings
from bloodtwin_core.config.export import ExportSettings
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.config.model import Cell, ModelSettings
from bloodtwin_core.config.people import PeopleSettings
from bloodtwin_core.config.publishing import DriftSettings, PublishingSettings
from bloodtwin_core.config.service import ServiceSettings
from bloodtwin_core.config.training import (
    PRETRAINED,
    PUBLISHED,
    Device,
    PersonalSettings,
    Precision,
    Schedule,
    TrainingMode,
    TrainingSettings,
)

__all__ = [
    "PRETRAINED",
    "PUBLISHED",
    "Cell",
    "ControlSettings",
    "DataSettings",
    "Device",
    "DriftSettings",
    "EvaluationSettings",
    "ExportSettings",
    "ModelSettings",
    "PeopleSettings",
    "PersonalSettings",
    "Precision",
    "PublishingSettings",
    "Schedule",
    "ServiceSettings",
    "Settings",
    "TrainingMode",
    "TrainingSettings",
]


class Settings(SettingsGroup):
    """All groups together; settings.json of a run. sources/settings.py adds the sources' groups to data."""

    data: SerializeAsAny[DataSettings] = Field(
        default_factory=DataSettings, description="Where records come from, and what a window is."
    )
    model: ModelSettings = Field(default_factory=ModelSettings, description="The network.")
    training: TrainingSettings = Field(default_factory=TrainingSettings, description="How the network is fitted.")
    personal: PersonalSettings = Field(default_factory=PersonalSettings, description="Fine-tuning for each pump.")
    people: PeopleSettings = Field(
        default_factory=PeopleSettings, description="Personal models of many people, beside the main line."
    )
    evaluation: EvaluationSettings = Field(
        default_factory=EvaluationSettings, description="How the forecaster is tested."
    )
    export: ExportSettings = Field(default_factory=ExportSettings, description="The files that leave.")
    publishing: PublishingSettings = Field(
        default_factory=PublishingSettings, description="Which trained model is published, and retraining."
    )
    control: ControlSettings = Field(
        default_factory=ControlSettings, description="The trial of suspensions on virtual wearers."
    )
    service: ServiceSettings = Field(default_factory=ServiceSettings, description="The live service, bloodtwin serve.")

    def used(self, *groups: str) -> dict[str, Any]:
        """The settings of some groups as plain values, for the manifest."""
        return self.model_dump(mode="json", include=set(groups))
