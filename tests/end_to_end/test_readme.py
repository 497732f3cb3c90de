"""What the README tells a newcomer to type works, on what the command has left."""

import re
import subprocess

import numpy as np
import pytest

from bloodtwin_core.pretrained.files import is_shipped
from tests.end_to_end.conftest import REPOSITORY, Workplace

Smoke = tuple[Workplace, subprocess.CompletedProcess[str]]
PROGRAMS = re.findall(r"```python\n(.*?)```", (REPOSITORY / "README.md").read_text(), re.DOTALL)


def test_the_readme_has_programs() -> None:
    assert len(PROGRAMS) == 6


@pytest.mark.end_to_end
@pytest.mark.parametrize("program", PROGRAMS, ids=[f"program{number}" for number in range(len(PROGRAMS))])
def test_a_program_of_the_readme_prints_a_forecast(smoke: Smoke, program: str) -> None:
    if "base_forecaster" in program and not is_shipped():
        pytest.skip("bloodtwin_core/pretrained holds no base model yet")
    workplace, _ = smoke
    done = workplace.run("-c", program.replace("bloodtwin_unified_lstm", "smoke"))
    assert done.returncode == 0, done.stdout
    numbers = np.array([float(number) for number in re.findall(r"\b\d{2,3}\.\d+", done.stdout)])
    assert ((numbers >= 20) & (numbers <= 600)).sum() >= 12, done.stdout
