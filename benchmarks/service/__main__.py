"""`python -m benchmarks.service load --wearers 2000 --seconds 600`: measure the live service, and print a table."""

import argparse
import sys
from pathlib import Path

from benchmarks.common.rows import table, write_json
from benchmarks.service.alone import alone
from benchmarks.service.fuzzing import fuzzing
from benchmarks.service.kills import kills
from benchmarks.service.load import load
from benchmarks.service.replay import replay
from benchmarks.service.tested_days import tested_days


def main() -> None:
    """Measure what is asked for."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.service", description=__doc__)
    parser.add_argument("--json", type=Path, metavar="FILE", help="also write the rows there")
    measured = parser.add_subparsers(dest="what", required=True)
    loaded = measured.add_parser("load", help="many wearers in real time")
    loaded.add_argument("--wearers", type=int, default=2_000)
    loaded.add_argument("--seconds", type=float, default=600.0)
    loaded.add_argument("--power-cut", action="store_true", help="wait for the disk, as the default does")
    loaded.add_argument("--model", type=Path, metavar="FILE", help="another than the base model")
    loaded.set_defaults(
        measure=lambda given: load(given.wearers, given.seconds, power_cut=given.power_cut, model=given.model)
    )
    replayed = measured.add_parser("replay", help="a day at many times its speed, disturbed")
    replayed.add_argument("--speed", type=float, default=1_000.0)
    replayed.add_argument("--hours", type=float, default=24.0)
    replayed.add_argument("--disturbed", type=float, default=0.1, help="share of the readings")
    replayed.set_defaults(measure=lambda given: replay(given.speed, given.hours, given.disturbed))
    killed = measured.add_parser("kills", help="a day of many wearers with kill -9")
    killed.add_argument("--wearers", type=int, default=200)
    killed.add_argument("--times", type=int, default=5)
    killed.set_defaults(measure=lambda given: kills(given.wearers, given.times))
    tested = measured.add_parser("tested-days", help="served forecasts of the days that a model was tested on")
    tested.add_argument("folder", type=Path, metavar="SPLIT_FILES")
    tested.add_argument("--people", type=int, default=0, help="the first so many alone")
    tested.set_defaults(measure=lambda given: tested_days(given.folder, given.people))
    single = measured.add_parser("alone", help="one wearer: memory, and a reading to its forecast on a stream")
    single.set_defaults(measure=lambda _given: alone())
    fuzzed = measured.add_parser("fuzzing", help="schemathesis against the service's own description")
    fuzzed.add_argument("--command", default="schemathesis", help="where schemathesis is installed")
    fuzzed.add_argument("--minutes", type=float, default=10.0)
    fuzzed.set_defaults(measure=lambda given: fuzzing(given.command, given.minutes))
    given = parser.parse_args()
    rows = given.measure(given)
    sys.stdout.write(table(rows) + "\n")
    if given.json:
        write_json(rows, given.json)


if __name__ == "__main__":
    main()
