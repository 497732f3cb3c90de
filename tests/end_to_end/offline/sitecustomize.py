"""On PYTHONPATH, it lets Python processes reach this machine alone; what else they ask for is written down and refused.

Python loads a module of this name at its start, so the processes that a command begins are held to it too.
"""

import os
import sys
from ipaddress import ip_address
from pathlib import Path

REPORT = "OFFLINE_REPORT"
"""Names the file that lists what was asked for; a library could pass over the refusal in silence."""
_ADDRESS_ARGUMENT = {
    "socket.connect": 1,
    "socket.sendto": 1,
    "socket.sendmsg": 1,
    "socket.getaddrinfo": 0,
    "socket.gethostbyname": 0,
}


def _is_here(address: object) -> bool:
    host = address[0] if isinstance(address, tuple) else address
    if host is None or host in ("", "localhost", b"localhost"):
        return True
    if not isinstance(address, tuple) and isinstance(host, str) and host.startswith("/"):
        return True  # A socket in the file system.
    try:
        return ip_address(host.decode() if isinstance(host, bytes) else str(host)).is_loopback
    except ValueError:
        return False


def _refuse_what_is_elsewhere(event: str, arguments: tuple[object, ...]) -> None:
    place = _ADDRESS_ARGUMENT.get(event)
    if place is None or _is_here(arguments[place]):
        return
    asked = f"{event} {arguments[place]!r}"
    with Path(os.environ[REPORT]).open("a", encoding="utf-8") as report:
        report.write(f"{asked}\n")
    raise OSError(f"the network is out of reach here: {asked}")


sys.addaudithook(_refuse_what_is_elsewhere)
