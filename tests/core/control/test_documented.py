"""The programs of docs/control.md run as they stand there."""

import re
from pathlib import Path

import pytest

PROGRAMS = re.findall(
    r"```python\n(.*?)```", (Path(__file__).parents[3] / "docs" / "control.md").read_text(), re.DOTALL
)


@pytest.mark.parametrize("program", PROGRAMS, ids=[program.split("\n")[0] for program in PROGRAMS])
def test_a_documented_program_prints_figures(program, capsys):
    if "gymnasium" in program:
        pytest.importorskip("gymnasium", reason="gymnasium is in the extra control")
    exec(program, {"__name__": "documented"})
    assert [float(word) for word in capsys.readouterr().out.split()]
