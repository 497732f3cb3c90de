"""`python -m benchmarks.service load --wearers 2000 --seconds 600`: measure the live service, and print a table."""

import argparse
import sys
from pathlib import Path

from benchmarks.common.rows import table, write_json
from benchmarks.service.load import load


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there")
    measured = parser.add_subparsers(dest="what", required=True)
    loaded = measured.add_parser("load", help="many wearers in real time")
    loaded.add_argument("--wearers", type=int, default=2_000)
    loaded.add_argument("--seconds", type=float, default=600.0)
    loaded.add_argument("--power-cut", action="store_true", help="wait for the disk, as the default does")
    loaded.set_defaults(measure=lambda given: load(given.wearers, given.seconds, power_cut=given.power_cut))
    given = parser.parse_args()
    rows = given.measure(given)
    sys.stdout.write(table(rows) + "\n")
    if given.json:
        write_json(rows, given.json)


if __name__ == "__main__":
    main()
