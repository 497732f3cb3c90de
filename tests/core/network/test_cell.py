"""What differs between the recurrent layers stands in one place."""

import re
from pathlib import Path

import pytest
import torch

import bloodtwin_core
from bloodtwin_core.config import Cell
from bloodtwin_core.network.cell import CELLS

HOME = Path(bloodtwin_core.__file__).parent


@pytest.mark.parametrize("cell", list(Cell))
def test_every_kind_has_a_row_that_fits_its_layer_in_torch(cell: Cell) -> None:
    row = CELLS[cell]
    layer = row.layers(3, 5)
    assert layer.weight_ih_l0.shape[0] == 5 * len(row.gates)
    assert sorted(row.gates) == sorted(row.onnx_gates)
    carried = layer(torch.zeros(2, 1, 3))[1]
    assert len(row.states) == (len(carried) if isinstance(carried, tuple) else 1)


def test_nothing_else_in_the_core_knows_one_from_the_other() -> None:
    knows = re.compile(r"Cell\.(lstm|gru)|nn\.(LSTM|GRU)\b")
    found = {path.relative_to(HOME).as_posix() for path in HOME.rglob("*.py") if knows.search(path.read_text("utf-8"))}
    assert found == {"network/cell.py", "config/model.py"}, "config/model.py holds the default"
