"""What the model card says of data and figures."""

import pytest

from bloodtwin_core.pretrained.figures import figures, shown
from bloodtwin_core.pretrained.notices import NOTICES, notice_text, sources_of


def test_every_source_of_the_settings_is_named_once() -> None:
    data = {"source": "azt1d", "also": [{"source": "brist1d", "root": "x"}, {"source": "azt1d"}], "simulator": {}}
    assert sources_of(data) == ["azt1d", "brist1d"]


@pytest.mark.parametrize(
    ("source", "reference"), [("azt1d", "10.17632/gk9m674wcx.1"), ("brist1d", "10.5523/bris.33z5jc8f")]
)
def test_published_data_are_attributed_with_their_licence(source: str, reference: str) -> None:
    assert reference in notice_text(source)
    assert "creativecommons.org/licenses/by/4.0" in notice_text(source)
    assert NOTICES[source].authors in notice_text(source)


def test_other_data_are_not_passed_off_as_published() -> None:
    assert "not a published data set" in notice_text("bloodbank")


def test_every_figure_is_shown() -> None:
    content = {
        "test_mae": 12.3456,
        "notes": [],
        "levels": [0.1, 0.9],
        "complete": {
            "windows": 7,
            "by_step": {"minutes": [5, 10], "model": [1.5, None]},
            "pumps": {"a": {"model": {"mae": 1.25}, "n": 3}, "b": {"model": {"mae": 2.25}, "n": 4}},
            "ranges": {"low": {"steps": [1.0, 2.0]}},
        },
    }
    text = figures(content, 3)
    for figure in (
        "12.346",
        "0.100, 0.900",
        "| 5 | 1.500 |",
        "| 10 | – |",
        "| model mae | 1.250 | 2.250 |",
        "| n | 3 | 4 |",
    ):
        assert figure in text
    assert "1.000, 2.000" in text
    assert "### complete" in text
    assert "#### pumps" in text


def test_what_is_not_known_is_a_dash() -> None:
    assert shown(None) == "–"
