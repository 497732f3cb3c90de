"""`python -m bloodtwin_core.cli.free_port PORT "make ui PORT="`: whether a port of this machine is free.

If it is not, one line says so and names the command with the next free port; exit code 1.
"""

import socket
import sys
from collections.abc import Sequence

_HOST = "127.0.0.1"
_TRIED = 100
"""Ports above the one asked for among which a free one is looked for."""


def is_free(port: int) -> bool:
    """Whether somebody could listen there."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((_HOST, port))
        except OSError:
            return False
    return True


def main(arguments: Sequence[str]) -> int:
    """0 where the port is free, else 1 and a line on stderr."""
    port, command = int(arguments[0]), arguments[1]
    if is_free(port):
        return 0
    other = next((near for near in range(port + 1, port + _TRIED) if is_free(near)), port + 1)
    sys.stderr.write(
        f"Port {port} is in use, perhaps by a bloodTwin that runs already: look at http://{_HOST}:{port}. "
        f"Or choose another port: {command}{other}\n"
    )
    return 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
