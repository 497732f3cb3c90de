"""What the model card says of data and figures."""

import pytest

from bloodtwin_core.pretrained import files
from bloodtwin_core.records import CARBOHYDRATES, FEATURES, PAST_FEATURES
from bloodtwin_core.release.card import limits_of, past_told
from bloodtwin_core.release.notices import notice_text, sources_of
from bloodtwin_core.sources.registry import source_named


def test_every_source_of_the_settings_is_named_once() -> None:
    data = {"source": "azt1d", "also": [{"source": "brist1d", "root": "x"}, {"source": "azt1d"}], "simulator": {}}
    assert sources_of(data) == ["azt1d", "brist1d"]


@pytest.mark.parametrize(
    ("source", "reference"), [("azt1d", "10.17632/gk9m674wcx.1"), ("brist1d", "10.5523/bris.33z5jc8f")]
)
def test_published_data_are_attributed_with_their_licence(source: str, reference: str) -> None:
    assert reference in notice_text(source)
    assert "creativecommons.org/licenses/by/4.0" in notice_text(source)
    notice = source_named(source).notice
    assert notice is not None
    assert notice.authors in notice_text(source)


def test_other_data_are_not_passed_off_as_published() -> None:
    assert "not a published data set" in notice_text("bloodbank")


def test_the_limits_are_of_the_features_that_the_network_takes() -> None:
    eight, nine = limits_of(FEATURES), limits_of((*FEATURES, CARBOHYDRATES))
    assert "It knows glucose, basal rate, bolus and the time of day. It knows nothing of meals" in eight
    assert "It knows glucose, basal rate, bolus, carbohydrates and the time of day." in nine
    assert "nothing of meals" not in nine
    if files.is_shipped():
        assert eight in (files.FOLDER / files.CARD).read_text("utf-8"), "the base model takes the eight"


def test_the_card_tells_of_the_past_where_the_network_reads_it() -> None:
    assert past_told(FEATURES) == ""
    told = past_told((*FEATURES, *PAST_FEATURES))
    assert "`wearer_past`, 12 columns,\n  known after 7 days of readings" in told
    if files.is_shipped():
        assert told in (files.FOLDER / files.CARD).read_text("utf-8"), "the base model reads it"
