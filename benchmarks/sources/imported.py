"""`python -m benchmarks.sources.imported import ...`: `bloodtwin` on one core, and the peak of its memory."""

import os
import sys

from benchmarks.common.child import report
from benchmarks.common.memory import highest_resident


def main() -> int:
    """Run the command and return its exit code; Linux only, as the core is chosen and /proc is read."""
    os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    # Loaded only now, since numeric libraries count the cores when they are.
    from bloodtwin_core.cli.main import main as bloodtwin

    code = bloodtwin()
    report(resident_mib=highest_resident())
    return code


if __name__ == "__main__":
    sys.exit(main())
