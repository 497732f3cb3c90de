"""The service as one object: store, model, desk, and who listens."""

import ipaddress
import time
from pathlib import Path
from typing import TYPE_CHECKING

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.service.caretaker import Caretaker
from bloodtwin_core.service.clock import Now
from bloodtwin_core.service.desk import Desk
from bloodtwin_core.service.engine import Engine, Made
from bloodtwin_core.service.feeds.state import FeedState
from bloodtwin_core.service.listeners import Listeners
from bloodtwin_core.service.metrics import Metrics
from bloodtwin_core.service.model import ModelInUse
from bloodtwin_core.service.store import Store, Wearer

if TYPE_CHECKING:  # What feeds need takes 5 MB, which a service without any can do without.
    from bloodtwin_core.service.feeds.feed import Feed

_DAY_SECONDS = 24 * 3600


class Service:
    """Everything that requests and feeds share."""

    def __init__(self, settings: ServiceSettings, now: Now = time.time, model: ModelInUse | None = None) -> None:
        """model: one that is loaded already.

        Raises StorageError if the store cannot be opened, ArtifactMissing if there is no model.
        """
        self.settings, self.now = settings, now
        self.is_closing, self.is_demonstration = False, False
        self.metrics = Metrics()
        self.model = model or ModelInUse(settings.model_path)
        self.store = Store(Path(settings.store), survives_power_cut=settings.survives_power_cut)
        self.engine = Engine(self.store, self.model, now)
        self.listeners = Listeners()
        self.desk = Desk(self.engine, self._heard)
        self.feeds: list[Feed] = []
        self._told_by: dict[tuple[str, str], FeedState] = {}
        self._caretaker = Caretaker(self.store, self.model, self._forget_before)

    @property
    def needs_token(self) -> bool:
        """Whether a request needs a token: not where this machine alone can ask."""
        return needs_token(self.settings)

    def require_tokens(self) -> None:
        """Raise SettingsError if requests need a token and there is none."""
        if self.needs_token and not self.store.wearers.has_tokens():
            raise SettingsError(
                f"service.address {self.settings.address} can be reached from elsewhere, and nobody has a token. Make "
                f"one first: bloodtwin wearers add NAME --zone ZONE --store {self.settings.store}"
            )

    def feed_from(self, feeds: "list[Feed]") -> None:
        """Begin to pull."""
        self.feeds = feeds
        for feed in feeds:
            feed.start()

    def told_by(self, wearer: Wearer, source: str, newest: int) -> None:
        """A feed of another process told of a source. newest: second of the newest event, 0 for none."""
        now = self.now()
        self._told_by[wearer.name, source] = FeedState(wearer.name, source, now, now, newest)

    def feed_states(self, wearer: str) -> list[FeedState]:
        """What the wearer's feeds last did: those of this process, and those that tell from elsewhere."""
        told = [*(feed.state for feed in self.feeds), *self._told_by.values()]
        return [state for state in told if state.wearer == wearer]

    def leave(self) -> None:
        """Let go of those who listen, so that the server can end. From any thread."""
        self.is_closing = True
        self.listeners.dismiss()

    def close(self) -> None:
        """Finish what was taken, and let go of the store."""
        self.leave()
        for feed in self.feeds:
            feed.close()
        self._caretaker.close()
        self.desk.close()
        self.store.close()

    def _heard(self, wearer: Wearer, made: Made) -> None:
        self.metrics.count_outlook(made.outlook)
        self.listeners.tell(wearer.number, made)

    def _forget_before(self) -> int:
        return int(self.now()) - self.settings.keep_days * _DAY_SECONDS


def needs_token(settings: ServiceSettings) -> bool:
    """Whether anybody but this machine's users can ask: at another address, or through a proxy under another name."""
    return bool(settings.hosts) or settings.tokens_always or not is_loopback(settings.address)


def is_loopback(address: str) -> bool:
    """Whether an address is this machine's own."""
    try:
        return ipaddress.ip_address(address).is_loopback
    except ValueError:
        return address.casefold() == "localhost"
