"""The two resources of a run: its settings, and where its artifacts lie.

The settings are bloodtwin_core's own models, so that each stands once; here they become typed run config.
"""

from pathlib import Path
from typing import Any, TypeVar

import dagster as dg
from pydantic import BaseModel, Field, PrivateAttr, ValidationError
from pydantic_core import ErrorDetails

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.hashes import Hashes
from bloodtwin_core.common.locks import Owner
from bloodtwin_core.config import (
    DataSettings,
    EvaluationSettings,
    ExportSettings,
    ModelSettings,
    PersonalSettings,
    Settings,
    TrainingSettings,
)
from bloodtwin_core.config.sources import (
    Azt1dSettings,
    EventsSettings,
    FetchSettings,
    LearnAlsoFrom,
    NightscoutSettings,
    SimulatorSettings,
    TandemSettings,
    VendorSettings,
)
from bloodtwin_core.pipeline.artifacts import ArtifactStore

Group = TypeVar("Group", bound=BaseModel)

LIMIT_WORDS = {"gt": "above", "ge": "at least", "lt": "below", "le": "at most", "pattern": "must match"}


def _shown(limit: object) -> str:
    return f"{limit:,}".removesuffix(".0") if isinstance(limit, int | float) else str(limit)


def with_limits(group: type[Group]) -> type[Group]:
    """Append each field's limits to its description, which is all that the Launchpad shows of a field."""
    for field in group.model_fields.values():
        limits = [
            f"{words} {_shown(getattr(limit, name))}"
            for limit in field.metadata
            for name, words in LIMIT_WORDS.items()
            if getattr(limit, name, None) is not None
        ]
        if limits:
            field.description = f"{field.description} Limits: {', '.join(limits)}."
    return group


@with_limits
class SimulatorConfig(SimulatorSettings, dg.Config):
    """Virtual wearers, used when data.source is simulator."""


@with_limits
class Azt1dConfig(Azt1dSettings, dg.Config):
    """The AZT1D data set, used when data.source is azt1d."""


@with_limits
class LearnAlsoFromConfig(LearnAlsoFrom, dg.Config):
    """Another source, whose people are only learnt from."""


@with_limits
class FetchConfig(FetchSettings, dg.Config):
    """How events are fetched from a cloud or site; used when data.source is tandem or nightscout."""


@with_limits
class TandemConfig(TandemSettings, dg.Config):
    """Tandem Source, used when data.source is tandem."""


@with_limits
class NightscoutConfig(NightscoutSettings, dg.Config):
    """A Nightscout site, used when data.source is nightscout."""


@with_limits
class VendorConfig(VendorSettings, dg.Config):
    """Files exported from a vendor's site, used when data.source is vendor."""


@with_limits
class EventsConfig(EventsSettings, dg.Config):
    """Raw events in three files a pump, used when data.source is events."""


@with_limits
class DataConfig(DataSettings, dg.Config):
    """Where records come from and how they are cut into windows."""

    # mypy: a list of the narrower model; Dagster takes no Sequence.
    learn_also_from: list[LearnAlsoFromConfig] = Field(  # type: ignore[assignment]
        default=[], description=DataSettings.model_fields["learn_also_from"].description
    )
    simulator: SimulatorConfig = Field(default_factory=SimulatorConfig, description="The virtual wearers.")
    azt1d: Azt1dConfig = Field(default_factory=Azt1dConfig, description="The AZT1D data set.")
    fetch: FetchConfig = Field(default_factory=FetchConfig, description="How a cloud or site is asked.")
    tandem: TandemConfig = Field(default_factory=TandemConfig, description="The account at Tandem Source.")
    nightscout: NightscoutConfig = Field(default_factory=NightscoutConfig, description="The Nightscout site.")
    vendor: VendorConfig = Field(default_factory=VendorConfig, description="Files exported from a vendor's site.")
    events: EventsConfig = Field(default_factory=EventsConfig, description="Raw events in three files a pump.")


@with_limits
class ModelConfig(ModelSettings, dg.Config):
    """The network."""


@with_limits
class TrainingConfig(TrainingSettings, dg.Config):
    """How the network is fitted."""


@with_limits
class PersonalConfig(PersonalSettings, dg.Config):
    """How a copy of the network is fine-tuned for each pump."""


@with_limits
class EvaluationConfig(EvaluationSettings, dg.Config):
    """How the forecaster is tested, and what it should reach."""


@with_limits
class ExportConfig(ExportSettings, dg.Config):
    """The files that leave."""


class SettingsResource(dg.ConfigurableResource[Any]):
    """Every setting of a run, in groups; what is left out keeps its default."""

    data: DataConfig = Field(default_factory=DataConfig, description="Where records come from, and what a window is.")
    model: ModelConfig = Field(default_factory=ModelConfig, description="The network.")
    training: TrainingConfig = Field(default_factory=TrainingConfig, description="How the network is fitted.")
    personal: PersonalConfig = Field(default_factory=PersonalConfig, description="Fine-tuning for each pump.")
    evaluation: EvaluationConfig = Field(default_factory=EvaluationConfig, description="How the forecaster is tested.")
    export: ExportConfig = Field(default_factory=ExportConfig, description="The files that leave.")

    def __init__(self, **groups: Any) -> None:
        """Raise SettingsError, in the user's words, where pydantic finds a setting out of its limits."""
        try:
            super().__init__(**groups)
        except ValidationError as error:
            raise SettingsError("; ".join(_in_words(detail) for detail in error.errors())) from None

    def plain(self) -> Settings:
        """The same settings as bloodtwin_core knows them."""
        return Settings.model_validate({group: getattr(self, group).model_dump() for group in Settings.model_fields})

    def used(self, *groups: str) -> dict[str, Any]:
        """The settings of some groups as plain values, for the manifest."""
        return self.plain().used(*groups)


class ArtifactsResource(dg.ConfigurableResource[Any]):
    """Where a run leaves its files; from its first stage to its last it is the only one that writes there."""

    root: str = Field(
        default="artifacts", description="Folder of all models' artifacts, relative to where the command runs."
    )

    wait: bool = Field(
        default=False, description="Wait for another run at work in the same folder, rather than fail at once."
    )
    _owner: Owner = PrivateAttr(default_factory=Owner)
    _hashes: Hashes = PrivateAttr(default_factory=Hashes)

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Name the owner of the folder after the run."""
        run = context.run.run_id if context.run else ""
        self._owner = Owner(what=f"Dagster run {run}".strip(), run=run, waits=self.wait, keeps=True)
        self._hashes = Hashes()

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's signature.
        """Let the next run begin."""
        self._owner.release()

    def store(self, settings: SettingsResource) -> ArtifactStore:
        """The artifacts of the model that the settings name."""
        return ArtifactStore(Path(self.root).expanduser() / settings.model.name, self._owner, self._hashes)


def _in_words(detail: ErrorDetails) -> str:
    setting = ".".join(str(part) for part in detail["loc"])
    complaint = detail["msg"].removeprefix("Value error, ")
    given = detail["input"]
    value = "" if isinstance(given, dict) else f" is {given!r}, but"
    message = complaint[0].lower() + complaint[1:]
    return f"{setting}{value}: {message}. Change it under resources: settings: config in the run config"
