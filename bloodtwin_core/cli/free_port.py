"""Whether a port of this machine is free, and which one is if it is not."""

import socket

from bloodtwin_core.common.errors import SettingsError

_HOST = "127.0.0.1"
_TRIED = 100
"""Ports above the one asked for among which a free one is looked for."""
_LAST = 65_535


def require_free(port: int) -> None:
    """Raise SettingsError, with the next free port, if nobody could listen there."""
    if not 0 < port <= _LAST:
        raise SettingsError(f"Port {port} is none: give 1 to {_LAST}")
    if is_free(port):
        return
    near = range(port + 1, min(port + _TRIED, _LAST) + 1)
    other = next((number for number in near if is_free(number)), port + 1)
    raise SettingsError(
        f"Port {port} is in use, perhaps by a bloodTwin that runs already: look at http://{_HOST}:{port}. "
        f"Or choose another port: make ui PORT={other}, or bloodtwin ui --port {other}"
    )


def is_free(port: int) -> bool:
    """Whether somebody could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True
