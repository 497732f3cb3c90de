"""What tells runs and pages of several models apart: the names of the model and of the data."""

from bloodtwin_assets.common.metadata import Metadata
from bloodtwin_core.config import DataSettings, Settings

MODEL_TAG, DATA_TAG = "bloodtwin/model", "bloodtwin/data"
_NAMED_PUMPS = 3
"""More pumps than that are counted rather than named."""


def identity(settings: Settings) -> Metadata:
    """The first rows of each page."""
    return {"model": settings.model.name, "data": data_name(settings.data)}


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
