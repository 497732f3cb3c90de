import pickle
from pathlib import Path

import pytest

from bloodtwin_core.common.errors import BloodTwinError, DataError, FolderInUse, SettingsError


@pytest.mark.parametrize(
    "error",
    [
        SettingsError("training.max_epochs is 0. Set 1 or more"),
        FolderInUse.held_by(Path("artifacts/a"), "another run"),
        DataError("no number", todo="Mend it", file=Path("a.csv"), line=3, column="bg"),
    ],
    ids=lambda error: type(error).__name__,
)
def test_an_error_reaches_another_process_as_it_was(error: BloodTwinError) -> None:
    copied = pickle.loads(pickle.dumps(error))
    assert (type(copied), str(copied), vars(copied)) == (type(error), str(error), vars(error))
