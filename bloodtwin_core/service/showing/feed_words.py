"""Where readings come from and what was last heard of them, in sentences."""

from collections.abc import Iterable, Iterator

from bloodtwin_core.display.clock import WearerClock
from bloodtwin_core.service.feeds.state import FeedState
from bloodtwin_core.service.moments import time_of


def feed_words(states: Iterable[FeedState], clock: WearerClock) -> Iterator[str]:
    """A sentence for each feed."""
    for state in states:
        heard = f"last heard of {clock.short(time_of(state.heard))}" if state.heard else "nothing heard yet"
        asked = f", asked at {clock.short(time_of(int(state.asked)))}" if state.asked else ""
        trouble = f". The last time failed: {state.trouble}" if state.trouble else ""
        yield f"From {state.source}: {heard}{asked}{trouble}"
