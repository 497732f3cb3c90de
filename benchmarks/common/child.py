"""A measurement in a process of its own, so that its memory is its own; it prints one JSON object as its last line."""

import json
import subprocess
import sys
from typing import Any


def measure(module: str, *arguments: str) -> dict[str, Any]:
    """Run `python -m module arguments` and return what it printed last. Raises CalledProcessError if it fails."""
    command = [sys.executable, "-m", module, *arguments]
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def report(**found: float | str | None) -> None:
    """What a measurement prints last."""
    sys.stdout.write(json.dumps(found) + "\n")
