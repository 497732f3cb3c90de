"""A command that is interrupted or terminated leaves by an exception that no library takes for another."""

import io
import signal

import pandas as pd
import pytest

from bloodtwin_core.cli import main as command


@pytest.mark.parametrize(("blow", "raised"), [(signal.SIGINT, KeyboardInterrupt), (signal.SIGTERM, SystemExit)])
def test_a_blow_while_a_file_is_read_is_not_taken_for_a_damaged_file(
    monkeypatch: pytest.MonkeyPatch, blow: signal.Signals, raised: type[BaseException]
) -> None:
    before = {kind: signal.getsignal(kind) for kind in (signal.SIGINT, signal.SIGTERM)}
    seen: list[type[BaseException]] = []

    def blown() -> int:
        class Blown(io.StringIO):
            def read(self, _size: int | None = -1) -> str:
                signal.raise_signal(blow)
                return ""

        try:
            pd.read_csv(Blown("a,b"))
        except BaseException as error:  # noqa: BLE001
            seen.append(type(error))
        return 0

    monkeypatch.setattr(command, "main", blown)
    try:
        with pytest.raises(SystemExit):
            command.run()
    finally:
        for kind, handler in before.items():
            signal.signal(kind, handler)
    assert seen == [raised]
