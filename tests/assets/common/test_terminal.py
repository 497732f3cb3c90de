"""A progress bar reaches the terminal although Dagster leads the output of a stage elsewhere."""

import os
import sys
from pathlib import Path

import pytest

from bloodtwin_assets.common.terminal import drawing_on, terminal_of

pty = pytest.importorskip("pty", reason="only Unix has pseudo-terminals")


def test_what_is_drawn_reaches_the_terminal_when_the_stream_is_led_elsewhere(tmp_path: Path) -> None:
    shown, terminal = pty.openpty()
    with os.fdopen(terminal, "w") as stream, (tmp_path / "captured").open("w") as captured:
        found = terminal_of(stream)
        assert found is not None
        os.dup2(captured.fileno(), stream.fileno())
        with found, drawing_on(found):
            assert sys.stdout.isatty()
            sys.stdout.write("half way")
        assert not stream.isatty()
    assert os.read(shown, 100).startswith(b"half way")
    os.close(shown)
    assert not (tmp_path / "captured").read_bytes()


def test_without_a_terminal_nothing_changes(tmp_path: Path) -> None:
    with (tmp_path / "file").open("w") as stream:
        assert terminal_of(stream) is None
    before = sys.stdout
    with drawing_on(None):
        assert sys.stdout is before
