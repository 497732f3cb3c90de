"""The settings of a run with one group for each source: made from the sources, so that each stands once.

Rooms above take these; those below know config.DataSettings and config.Settings, which these extend.
"""

from functools import cache
from typing import Any

from pydantic import Field, create_model

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings, Settings
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.records import FEATURE_TABLE, extra_features
from bloodtwin_core.sources.registry import sources


@cache
def data_model() -> type[DataSettings]:
    """The group data with one group for each source that has settings, under the source's name.

    Raises SettingsError if two sources have one model of settings, since neither could find its own.
    """
    models = {source.name: source.settings for source in sources().values() if source.settings}
    _refuse_shared(models)
    groups: dict[str, Any] = {
        name: (model, Field(default_factory=model, description=f"Of {sources()[name].title}, for data.source {name}."))
        for name, model in models.items()
    }
    fields = DataSettings.model_fields
    known = Field(default=fields["source"].default, description=f"One of {', '.join(sources())}.")
    beyond = Field(default=fields["extra_features"].default, description=_extra_features_described())
    return create_model(
        "DataSettings",
        __base__=DataSettings,
        __doc__=DataSettings.__doc__,
        source=(str, known),
        extra_features=(list[str], beyond),
        **groups,
    )


@cache
def settings_model() -> type[Settings]:
    """All groups of a run, data being data_model()."""
    data = data_model()
    field: Any = (data, Field(default_factory=data, description=Settings.model_fields["data"].description))
    return create_model("Settings", __base__=Settings, __doc__=Settings.__doc__, data=field)


def data_settings(**given: object) -> DataSettings:
    """The group data with what is given, sources' groups included. Raises pydantic's ValidationError if it is wrong."""
    return data_model().model_validate(given)


def _extra_features_described() -> str:
    rows = {name: FEATURE_TABLE[name] for name in extra_features()}
    each = ", ".join(f"{name} ({' '.join(filter(None, (row.unit, row.about)))})" for name, row in rows.items())
    return f"Features beyond the contract's eight: {each}."


def _refuse_shared(models: dict[str, type[SettingsGroup]]) -> None:
    for name, model in models.items():
        for other, others in models.items():
            if other != name and issubclass(model, others):
                raise SettingsError(f"the sources {other} and {name} share a model of settings. Give each its own")
