"""The choice of device and arithmetic."""

import pytest
import torch

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import Cell, Device, Precision, TrainingSettings
from bloodtwin_core.training import choose_compute

ON_CPU = TrainingSettings(device=Device.cpu)


def test_the_chosen_device_comes_with_its_reason() -> None:
    assert "training.device asks for it" in choose_compute(ON_CPU, Cell.lstm).reason
    with pytest.raises(SettingsError, match=r"float16 needs CUDA.*precision: auto"):
        choose_compute(TrainingSettings(device=Device.cpu, precision=Precision.float16), Cell.lstm)


@pytest.mark.skipif(torch.cuda.is_available(), reason="this machine has a CUDA device")
def test_a_device_that_is_not_there_is_an_error() -> None:
    with pytest.raises(SettingsError, match=r"training\.device is cuda.*auto"):
        choose_compute(TrainingSettings(device=Device.cuda), Cell.lstm)


@pytest.mark.parametrize(
    ("amx", "cell", "precision", "because"),
    [
        (True, Cell.lstm, Precision.bfloat16, "matrix units"),
        (True, Cell.gru, Precision.float32, "no fused GRU"),
        (False, Cell.lstm, Precision.float32, "fastest that is safe"),
        (False, Cell.gru, Precision.float32, "fastest that is safe"),
    ],
)
def test_auto_takes_bfloat16_on_a_cpu_only_where_it_is_faster(
    amx: bool, cell: Cell, precision: Precision, because: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(torch.cpu, "get_capabilities", lambda: {"amx_bf16": amx})
    compute = choose_compute(ON_CPU, cell)
    assert compute.precision is precision
    assert because in compute.reason


def test_who_asks_for_bfloat16_gets_it_for_a_gru_too() -> None:
    asked = TrainingSettings(device=Device.cpu, precision=Precision.bfloat16)
    assert choose_compute(asked, Cell.gru).precision is Precision.bfloat16
