import pytest

from bloodtwin_core.evaluation.clinical.shares import share_interval


@pytest.mark.parametrize(
    ("part", "whole", "interval"),
    [
        (81, 263, (0.2553, 0.3662)),
        (15, 148, (0.0624, 0.1605)),
        (0, 20, (0.0, 0.1611)),
        (1, 29, (0.0061, 0.1718)),
    ],
)
def test_the_published_examples(part: int, whole: int, interval: tuple[float, float]) -> None:
    """Newcombe, Statistics in Medicine 17 (1998) 857, table I, score method without continuity correction."""
    assert share_interval(part, whole) == pytest.approx(interval, abs=5e-5)


def test_without_events_there_is_none() -> None:
    assert share_interval(0, 0) is None
