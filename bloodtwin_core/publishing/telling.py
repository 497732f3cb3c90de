"""Being told: short messages to whoever runs a model, through apprise, to the one address in BLOODTWIN_NOTIFY_URL.

The address may hold a password or a token, so it comes from the environment alone, as all credentials do. A message
holds what the page of a check says first: names of model and pumps, and means of a week, which tell of health.
"""

import logging
import os
from collections.abc import Sequence
from dataclasses import dataclass

from bloodtwin_core.common.errors import SettingsError

logger = logging.getLogger(__name__)
ADDRESS_VARIABLE = "BLOODTWIN_NOTIFY_URL"
"""Environment variable with an address of apprise's, such as mailto://, ntfy:// or tgram://; nobody is told without."""
_MOST_LINES = 20


@dataclass(frozen=True)
class Notice:
    """Something that somebody should know. about: what it is of, such as a run, so that it is told once."""

    about: str
    text: str


def address() -> str:
    """Where to tell; empty where nobody wants to know."""
    return os.environ.get(ADDRESS_VARIABLE, "")


def tell(model: str, notices: Sequence[Notice], to: str) -> bool:
    """Send the notices as one message; whether it was taken. Raises SettingsError for an address of no kind known."""
    import apprise  # An extra, and slow to import.

    post = apprise.Apprise()
    if not post.add(to):
        raise SettingsError(f"{ADDRESS_VARIABLE} holds no address that apprise knows. Write one such as ntfy://topic")
    told = [notice.text for notice in notices[:_MOST_LINES]]
    if len(notices) > _MOST_LINES:
        told.append(f"and {len(notices) - _MOST_LINES} more")
    taken = bool(post.notify(title=f"bloodTwin {model}", body="\n".join(told)))
    if not taken:
        logger.warning("Nobody could be told (%s): %s", ADDRESS_VARIABLE, "; ".join(told))
    return taken
