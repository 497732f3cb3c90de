"""What the importers of published data sets check alike: the folder that data.root names, and who is wanted of it."""

from collections.abc import Mapping
from pathlib import Path

from bloodtwin_core.bloodbank import natural_order
from bloodtwin_core.config import DataSettings
from bloodtwin_core.errors import DataError, SettingsError


def data_set_folder(settings: DataSettings, data_set: str, landmark: str) -> Path:
    """data.root, the folder of a data set, in which landmark lies.

    Raises SettingsError if it is not set, DataError if it is not there.
    """
    if not settings.root:
        raise SettingsError(f"data.root is not set. Point it to the {data_set} folder, the one that holds {landmark}")
    root = Path(settings.root).expanduser()
    if not root.is_dir():
        raise DataError("the folder does not exist", todo=f"Point data.root to the {data_set} folder", file=root)
    return root


def wanted_people(found: Mapping[str, Path], settings: DataSettings, folder: Path, *, lacking: str) -> dict[str, Path]:
    """The files found in a folder of the people that data.pump_ids names, or of everybody, person 2 before person 10.

    Raises DataError if a person named there is not among them; lacking says what they do not have, "no file".
    """
    people = sorted(found, key=natural_order)
    for person in settings.pump_ids:
        if person not in found:
            what = f"person {person} has {lacking}; there are {', '.join(people)}"
            raise DataError(what, todo="Correct data.pump_ids", file=folder)
    return {person: found[person] for person in people if not settings.pump_ids or person in settings.pump_ids}
