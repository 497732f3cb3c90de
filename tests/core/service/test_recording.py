"""The demonstration's wearer comes from the simulator."""

import pytest


def test_the_recording_is_what_the_simulator_makes() -> None:
    pytest.importorskip("numba", reason="the simulator is in the extra graph")
    from benchmarks.demo_wearer import made
    from bloodtwin_core.service.demo.recording import FILE

    assert FILE.read_bytes() == made()
