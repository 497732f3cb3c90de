"""Try control algorithms on virtual wearers; nothing here reaches a pump, and virtual wearers are no people.

Every controller lives the same lives: same meals, sensor, chances. OUT gets trial.json and trial.html. The first
controller named is the one that the others are compared with.

  bloodtwin trial out --controllers basal-iq quantile --wearers 20 --days 14 --processes 2
"""

import argparse
import sys
from pathlib import Path

from bloodtwin_core.cli.progress_bar import progress_bar
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.control.controllers import CONTROLLERS, LIMITED, OwnController
from bloodtwin_core.control.trial.result import write_result
from bloodtwin_core.control.trial.running import DEFAULT_CONTROLLERS, TrialPlan, run_trial
from bloodtwin_core.control.trial.scenarios import SCENARIOS
from bloodtwin_core.control.trial.tables import trial_tables
from bloodtwin_core.reporting.html.page import write_page
from bloodtwin_core.reporting.html.trial import trial_page

MOST_WEARERS, MOST_DAYS, MOST_PROCESSES = 10_000, 366, 256
WRITTEN = {
    "process": "NAME=COMMAND with a new name. Write mine='node mine.js'",
    "policy": "NAME=FILE.py:FUNCTION with a new name. Write mine=mine.py:policy",
}
"""How a controller of the user's own is given, by option."""


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """What `bloodtwin trial` takes."""
    names = f"{', '.join(CONTROLLERS)}; each also as NAME{LIMITED} (default: all but oref0)"
    parser.add_argument("out", type=Path, metavar="OUT", help="folder for trial.json and trial.html")
    parser.add_argument("--controllers", nargs="+", default=[], metavar="NAME", help=names)
    parser.add_argument(
        "--process",
        nargs="+",
        default=[],
        metavar="NAME=COMMAND",
        help="controllers of your own: processes that answer a line of JSON with a line (docs/control.md)",
    )
    parser.add_argument(
        "--policy",
        nargs="+",
        default=[],
        metavar="NAME=FILE.py:FUNCTION",
        help="policies of your own, made for the gymnasium environment (docs/control.md)",
    )
    parser.add_argument(
        "--scenarios", nargs="+", default=["everyday"], metavar="NAME", help=f"{', '.join(SCENARIOS)}; or all"
    )
    parser.add_argument("--wearers", type=int, default=10, metavar="N", help="virtual wearers (default: 10)")
    parser.add_argument("--days", type=int, default=14, metavar="N", help="days of each life (default: 14)")
    parser.add_argument(
        "--seed", type=int, default=1, metavar="N", help="the same seed gives the same lives (default: 1)"
    )
    parser.add_argument(
        "--model", type=Path, metavar="FILE", help="a model_streaming.onnx to ask (default: the base model's)"
    )
    parser.add_argument("--processes", type=int, default=1, metavar="N", help="side by side (default: 1)")


def run(given: argparse.Namespace) -> None:
    """Live all lives, write the result and the report, print the tables. Raises what run_trial raises."""
    plan = _plan(given)
    with progress_bar() as progress:
        result = run_trial(plan, progress)
    given.out.mkdir(parents=True, exist_ok=True)
    write_result(result, given.out / "trial.json")
    write_page(trial_page(result, plan), given.out / "trial.html")
    sys.stdout.write(f"{trial_tables(result)}\n\n{given.out / 'trial.html'} shows it.\n")


def _plan(given: argparse.Namespace) -> TrialPlan:
    for name, value, most in (
        ("wearers", given.wearers, MOST_WEARERS),
        ("days", given.days, MOST_DAYS),
        ("processes", given.processes, MOST_PROCESSES),
    ):
        if not 1 <= value <= most:
            raise SettingsError(f"--{name} is {value}. Give 1 to {most}")
    if not 0 <= given.seed < 2**32:
        raise SettingsError(f"--seed is {given.seed}. Give 0 to {2**32 - 1}")
    own = _own(given)
    scenarios = tuple(SCENARIOS) if given.scenarios == ["all"] else tuple(dict.fromkeys(given.scenarios))
    return TrialPlan(
        seed=given.seed,
        wearers=given.wearers,
        days=given.days,
        controllers=tuple(dict.fromkeys(given.controllers)) or (*DEFAULT_CONTROLLERS, *own),
        own=own,
        scenarios=scenarios,
        forecaster=given.model,
        processes=given.processes,
    )


def _own(given: argparse.Namespace) -> dict[str, OwnController]:
    """The user's own by name. Raises SettingsError for what is not as it is written, or has a name that is taken."""
    own: dict[str, OwnController] = {}
    for option, written in WRITTEN.items():
        for words in getattr(given, option):
            name, _, what = words.partition("=")
            if not name or not what.strip() or name in CONTROLLERS or name in own:
                raise SettingsError(f"--{option} '{words}' is no {written}")
            own[name] = OwnController(**{option: what})
    return own
