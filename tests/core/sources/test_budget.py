"""A site that never comes to an end is given up in words: after so many pages, so many bytes, so long."""

import time
from typing import Any

import pytest

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.pipeline.run_config import RunConfig
from bloodtwin_core.sources.http import polite_session
from tests.core.sources.servers.loopback import Answer
from tests.core.sources.test_http import QUICK, Scripted


@pytest.mark.parametrize(
    ("limits", "said"),
    [
        ({"most_pages": 5}, "more than 5 pages"),
        ({"most_mebibytes": 1}, "more than 1 MiB"),
        ({"most_hours": 1e-9}, "for more than 1e-09 h"),
    ],
)
def test_a_site_without_end_is_given_up(limits: dict[str, Any], said: str) -> None:
    with Scripted(lambda number, _: Answer(body={"page": number, "more": "x" * 200_000})) as server:
        session = polite_session("The site", QUICK.model_copy(update=limits))
        started = time.monotonic()
        with pytest.raises(DataError, match=f"went on answering, {said}.*Raise data.fetch.{next(iter(limits))}"):
            all(session.get(server.url) for _ in range(50))
        assert time.monotonic() - started < 10
        assert len(server.asked) <= 6


@pytest.mark.parametrize("url", ["https://a.example?token=hush-hush", "https://me:hush-hush@a.example"])
def test_a_secret_in_the_address_is_refused_with_the_settings_and_not_repeated(url: str) -> None:
    with pytest.raises(SettingsError, match="BLOODTWIN_NIGHTSCOUT_TOKEN") as caught:
        RunConfig({"data": {"nightscout": {"url": url}}}).settings()
    assert "hush" not in str(caught.value)
