"""The user's own bloodBath CSV v2.0 files, used where they lie: nothing is copied and nothing is split again."""

from pathlib import Path
from typing import TYPE_CHECKING

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.config import DataSettings
from bloodtwin_core.sources.signature import Signature
from bloodtwin_core.sources.source import SplitSource

if TYPE_CHECKING:
    from bloodtwin_core.records.split_files import PumpSplitFiles


def split_files(settings: DataSettings) -> "list[PumpSplitFiles]":
    """The newest file of each split of each pump in data.pump_ids under data.root.

    Raises SettingsError if data.root is not set, DataError if the folder, a pump or a split is not there.
    """
    from bloodtwin_core.records.split_files import find_split_files

    if not settings.root:
        raise SettingsError("data.root is not set. Point it to the folder that holds your pump_* folders")
    return find_split_files(given_path(settings.root), settings.pump_ids)


def _is_split_file(path: Path) -> bool:
    from bloodtwin_core.common.csv_table import columns_of
    from bloodtwin_core.records.split_files import COLUMNS

    try:
        return set(COLUMNS) <= set(columns_of(path))
    except DataError:
        return False


SOURCE = SplitSource(
    name="bloodbank",
    title="bloodBath CSV v2.0 split files",
    about="bloodBath CSV v2.0 split files, used where they lie",
    root="`pump_*` folders",
    find=split_files,
    signature=Signature(pump_files=("*/lstm_*.csv", "lstm_*.csv"), is_file=_is_split_file),
)
