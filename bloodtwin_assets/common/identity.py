"""What tells runs and pages of several models apart: the names of the model and of the data."""

from bloodtwin_assets.common.metadata import Metadata
from bloodtwin_core.config import DataSettings, Settings

MODEL_TAG, DATA_TAG = "bloodtwin/model", "bloodtwin/data"
_NAMED_PUMPS = 3
"""More pumps than that are counted rather than named."""


def page_of(settings: Settings, entries: Metadata) -> Metadata:
    """The page of a run's asset: the names of model and data first, then the entries.

    Dagster plots the numbers of one label over all runs of an asset as one line, whatever model they are of. A number
    therefore carries the model's name in its label, so that each model has a line of its own.
    """
    model = settings.model.name
    own = {f"{label}, {model}" if isinstance(entry, int | float) else label: entry for label, entry in entries.items()}
    return {"model": model, "data": data_name(settings.data), **own}


def identity_tags(settings: Settings) -> dict[str, str]:
    """The tags of a run."""
    return {MODEL_TAG: settings.model.name, DATA_TAG: data_name(settings.data)}


def data_name(data: DataSettings) -> str:
    """The source, where its records lie, and which pumps if not all: "bloodbank my/folder, pump 881235"."""
    where = f"{data.source} {data.root}".strip()
    if not data.pump_ids:
        return where
    if len(data.pump_ids) > _NAMED_PUMPS:
        return f"{where}, {len(data.pump_ids)} pumps"
    return f"{where}, pump {', '.join(data.pump_ids)}"
