import logging
import time
from collections.abc import Callable, Iterator

import pytest

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config.sources import FetchSettings
from bloodtwin_core.sources.http import polite_session
from tests.core.sources.servers.loopback import Answer, Asked, Fault, Loopback

QUICK = FetchSettings(attempts=4, first_wait_seconds=0.001, longest_wait_seconds=0.01, timeout_seconds=5)


class Scripted(Loopback):
    """Answers the n-th request, counted from 1, as a script says."""

    def __init__(self, script: Callable[[int, Asked], Answer]) -> None:
        super().__init__()
        self._script = script

    def answer(self, asked: Asked) -> Answer:
        return self._script(len(self.asked), asked)


@pytest.fixture
def server() -> Iterator[Scripted]:
    with Scripted(lambda _number, asked: Answer(body={"hello": asked.query})) as hello:
        yield hello


@pytest.mark.parametrize("fault", Fault)
def test_it_asks_again_after_every_fault(server: Scripted, fault: Fault) -> None:
    server.fault = lambda number, _: fault if number < 4 else None
    answer = polite_session("The site", QUICK).get(f"{server.url}/x?a=1")
    assert answer.json() == {"hello": {"a": "1"}}
    assert len(server.asked) == 4


@pytest.mark.parametrize(
    ("fault", "said"),
    [
        (Fault.too_many, "it answered 429 Too Many Requests"),
        (Fault.broken, "it answered 500 Internal Server Error"),
        (Fault.cut, "the connection"),
        (Fault.silent, "the connection failed or was cut"),
    ],
)
def test_it_gives_up_in_words_and_shows_no_address(
    server: Scripted, fault: Fault, said: str, caplog: pytest.LogCaptureFixture
) -> None:
    server.fault = lambda _number, _: fault
    caplog.set_level(logging.INFO)
    with pytest.raises(DataError, match=rf"^The site could not be reached: {said}.*, the last of 4 times") as caught:
        polite_session("The site", QUICK).get(f"{server.url}/path?token=abc-secret")
    assert len(server.asked) == 4
    assert caught.value.__cause__ is None
    assert caught.value.__context__ is None
    assert caplog.messages[0].startswith("The site: ")
    assert "secret" not in "".join(caplog.messages)


def test_nobody_there_is_said_too(server: Scripted) -> None:
    url = server.url.replace("127.0.0.1", "127.0.0.2")
    with pytest.raises(DataError, match="The site could not be reached"):
        polite_session("The site", QUICK).get(url)


def test_an_answer_that_is_no_trouble_of_the_server_comes_back_at_once() -> None:
    with Scripted(lambda _number, _asked: Answer(404, "no such thing")) as server:
        assert polite_session("The site", QUICK).get(server.url).status_code == 404
        assert len(server.asked) == 1


def test_waits_double_and_obey_the_server_up_to_the_longest(monkeypatch: pytest.MonkeyPatch) -> None:
    def busy(number: int, _asked: Asked) -> Answer:
        return Answer(429, "", {"Retry-After": "40"}) if number == 4 else Answer(503)

    waits: list[float] = []
    monkeypatch.setattr(time, "sleep", waits.append)
    settings = FetchSettings(attempts=7, first_wait_seconds=2.0, longest_wait_seconds=30.0)
    with Scripted(busy) as server, pytest.raises(DataError):
        polite_session("The site", settings).get(server.url)
    # The fourth answer asks for 40 s, which is more than is granted.
    assert waits == [2.0, 4.0, 8.0, 30.0, 30.0, 30.0]


def test_a_retry_after_that_makes_no_sense_is_passed_over() -> None:
    with Scripted(lambda number, _asked: Answer(503 if number == 1 else 200, {}, {"Retry-After": "soon"})) as server:
        assert polite_session("The site", QUICK).get(server.url).status_code == 200
