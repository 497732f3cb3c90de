import numpy as np
import pytest

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.records import RECORDS_PER_DAY
from bloodtwin_core.sources.settings import data_settings
from bloodtwin_core.sources.simulator import SimulatorSettings, histories


def settings(pumps: int, pump_ids: list[str] | None = None, seed: int = 3) -> DataSettings:
    return data_settings(simulator=SimulatorSettings(pumps=pumps, days=3, seed=seed), pump_ids=pump_ids or [])


def test_every_pump_is_made_when_none_is_named():
    made = list(histories(settings(pumps=2)))
    assert [history.pump_id for history in made] == ["sim001", "sim002"]
    assert all(len(history) == 3 * RECORDS_PER_DAY for history in made)


def test_a_named_pump_is_the_same_whoever_else_is_made():
    alone = next(histories(settings(pumps=5, pump_ids=["sim002"])))
    among_others = list(histories(settings(pumps=2)))[1]
    np.testing.assert_array_equal(alone.values, among_others.values)


def test_another_seed_makes_other_people():
    first, other = next(histories(settings(1, seed=3))), next(histories(settings(1, seed=4)))
    assert not np.array_equal(first.values, other.values, equal_nan=True)


def test_an_unknown_pump_is_named_with_those_there_are_and_what_to_do():
    with pytest.raises(
        SettingsError, match=r"names sim009, 881235, but the simulator makes sim001 to sim002\. Name one"
    ):
        histories(settings(pumps=2, pump_ids=["sim001", "sim009", "881235"]))
