"""The two resources of a run: its settings, and where its artifacts lie.

The settings are bloodtwin_core's own models, so that each stands once; run_config.py makes typed run config of them.
"""

from typing import TYPE_CHECKING, Any

import dagster as dg
from pydantic import Field, PrivateAttr, ValidationError, create_model, field_validator
from pydantic_core import ErrorDetails, PydanticCustomError

from bloodtwin_assets.common.identity import identity_tags
from bloodtwin_assets.common.step_processes import process_of_run
from bloodtwin_assets.executor import executor_is_here
from bloodtwin_assets.lost_runs import process_tag
from bloodtwin_assets.run_config import run_config
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.given_files import given_path, require_nameable
from bloodtwin_core.common.hashes import Hashes
from bloodtwin_core.common.locks import Owner
from bloodtwin_core.common.shared.bucket import NO_ADDRESS, Address
from bloodtwin_core.common.shared.copy import is_copy
from bloodtwin_core.config import Settings
from bloodtwin_core.config.group import SECRET_GIVEN
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.setting_faults import first_fault
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.sources.settings import settings_model

if TYPE_CHECKING:

    class _Groups(Settings, dg.ConfigurableResource[Any]):
        """What the groups are to whoever reads them: those of bloodtwin_core."""

else:
    _Groups = run_config(settings_model(), dg.ConfigurableResource[Any])


class SettingsResource(_Groups):
    """Every setting of a run, in groups; what is left out keeps its default."""

    def __init__(self, **groups: Any) -> None:
        """Raise SettingsError, in the user's words, where pydantic finds a setting out of its limits."""
        try:
            super().__init__(**groups)
        except ValidationError as error:
            raise SettingsError("; ".join(_in_words(detail) for detail in error.errors())) from None

    def get_resource_definition(self) -> Any:
        """The resource as Dagster takes it, which refuses wrong settings before there is a run."""
        return _refusing_early(type(self), super().get_resource_definition())

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Tag the run, whoever started it, with its model and data, which tell runs apart, and with its process."""
        if context.run and context.instance:
            context.instance.add_run_tags(context.run.run_id, {**identity_tags(self), **process_tag(context)})

    def plain(self) -> Settings:
        """The same settings as bloodtwin_core knows them."""
        groups = {group: getattr(self, group).model_dump() for group in Settings.model_fields}
        return settings_model().model_validate(groups)

    def used(self, *groups: str) -> dict[str, Any]:
        """The settings of some groups as plain values, for the manifest."""
        return self.plain().used(*groups)


def settings_resource(configured: Settings) -> SettingsResource:
    """The settings of a run, at what is configured where a run config says nothing; the Launchpad opens with it."""
    groups = run_config(settings_model(), dg.Config, configured)
    fields: dict[str, Any] = {name: (field.annotation, field) for name, field in groups.model_fields.items()}
    return create_model("SettingsResource", __base__=SettingsResource, __doc__=SettingsResource.__doc__, **fields)()


class ArtifactsResource(dg.ConfigurableResource[Any]):
    """Where a run leaves its files; from its first stage to its last it is the only one that writes there."""

    root: str = Field(
        default="artifacts",
        min_length=1,
        description="Folder of all models' artifacts, relative to where the command runs.",
    )

    wait: bool = Field(
        default=False, description="Wait for another run at work in the same folder, rather than fail at once."
    )
    shared: str = Field(
        default="",
        description="s3://bucket/prefix of artifacts that machines share; this one works in a copy of them under root.",
    )
    _owner: Owner = PrivateAttr(default_factory=Owner)
    _hashes: Hashes = PrivateAttr(default_factory=Hashes)

    def __init__(self, **given: Any) -> None:
        """Raise SettingsError, in the user's words, for a root that no folder can be called."""
        try:
            super().__init__(**given)
        except ValidationError as error:
            raise SettingsError(f"artifacts.{first_fault(error, type(self))}. Correct it") from None

    @field_validator("root")
    @classmethod
    def _may_name_a_folder(cls, root: str) -> str:
        require_nameable(root)
        return root

    @field_validator("shared")
    @classmethod
    def _is_an_address(cls, shared: str) -> str:
        try:
            if shared:
                Address.of(shared)
        except ValueError:
            raise PydanticCustomError(SECRET_GIVEN, NO_ADDRESS) from None
        return shared

    def get_resource_definition(self) -> Any:
        """The resource as Dagster takes it, which refuses a wrong root before there is a run."""
        return _refusing_early(type(self), super().get_resource_definition())

    def setup_for_execution(self, context: dg.InitResourceContext) -> None:
        """Name the owner of the folder after the run."""
        run = context.run.run_id if context.run else ""
        steps_of = process_of_run(context)
        what = f"Dagster run {run}".strip()
        elsewhere = not executor_is_here()
        self._owner = Owner(what, run, waits=self.wait, keeps=True, steps_of=steps_of, elsewhere=elsewhere)
        self._hashes = Hashes()

    def teardown_after_execution(self, context: dg.InitResourceContext) -> None:  # noqa: ARG002 - Dagster's signature.
        """Let the next run begin."""
        self._owner.release()

    def store(self, settings: SettingsResource) -> ArtifactStore:
        """The artifacts of the model that the settings name; of shared ones the newest version is there by then.

        Of shared ones raises what ArtifactStore.join and .owned raise.
        """
        store = self._joined(settings)
        if is_copy(store.folder):
            with store.owned(sends=False):
                pass
        return store

    def unheld(self, settings: SettingsResource) -> ArtifactStore:
        """The same for what has a lock of its own, so that a run at work elsewhere need not be waited for.

        Of shared ones what is published is the newest by then.
        """
        store = self._joined(settings)
        PublishedStore(store.published).refresh()
        return store

    def _joined(self, settings: SettingsResource) -> ArtifactStore:
        store = ArtifactStore(given_path(self.root) / settings.model.name, self._owner, self._hashes)
        store.join(self.shared)
        return store


def _refusing_early(resource: type[dg.ConfigurableResource[Any]], definition: Any) -> Any:
    """The definition of a resource that refuses wrong config where a run is planned.

    Dagster's own schema knows types alone. It plans a run before it stores one, and maps the config of resources for
    that, so that what is refused there, such as a token within an address, is stored nowhere.
    """
    mapped = type(definition).apply_config_mapping

    def checked(config: dict[str, Any]) -> Any:
        resource(**config.get("config", {}))
        return mapped(definition, config)

    definition.apply_config_mapping = checked
    return definition


def _in_words(detail: ErrorDetails) -> str:
    setting = ".".join(str(part) for part in detail["loc"])
    complaint = detail["msg"].removeprefix("Value error, ")
    given = detail["input"]
    value = "" if isinstance(given, dict) or detail["type"] == SECRET_GIVEN else f" is {given!r}, but"
    message = complaint[0].lower() + complaint[1:]
    return f"{setting}{value}: {message}. Change it under resources: settings: config in the run config"
