"""The `bloodtwin` command: which subcommands there are, and what becomes of an error.

Each subcommand is a module of this folder with `add_arguments(parser)` and `run(arguments)`; only the one that was
asked for is imported, so that `--help` answers at once.

Exit codes: 0 done; 1 the data cannot be used or written; 2 the command or a setting is wrong; 130 interrupted; 143
terminated. An error is one line on stderr.
"""

import argparse
import os
import sys
from collections.abc import Sequence
from importlib import import_module
from typing import NamedTuple, NoReturn

from bloodtwin_core.cli.signals import INTERRUPTED, leave_by_exceptions
from bloodtwin_core.common.errors import BloodTwinError, SettingsError, printable, shortened
from bloodtwin_core.common.extras import advice_on

DONE, BAD_DATA, BAD_USAGE = 0, 1, 2
EXIT_CODES = (
    "exit codes: 0 done; 1 data cannot be used or written; 2 command or setting wrong; 130 interrupted; 143 terminated"
)


class Command(NamedTuple):
    """A subcommand: its module in this folder, what it does, and what stands after an interrupt."""

    module: str
    summary: str
    interrupted: str = "nothing was written"


COMMANDS = {
    "import": Command(
        "importing", "turn pump and sensor data into split files", "no pump's files were left half written"
    ),
    "run": Command(
        "run",
        "run the whole graph: train on records, test, report, export",
        "what was finished stands, and a training goes on from its last finished epoch with the same command",
    ),
    "train": Command(
        "train",
        "train on the windows of an artifacts folder, without the graph",
        "the same command goes on from the last finished epoch",
    ),
    "personalise": Command(
        "personalise",
        "give each of many people a model of their own, without the graph",
        "what was made stands, and the same command goes on with the rest",
    ),
    "forecast": Command("forecast", "the coming hour, from a file, a folder of exports or a Nightscout site"),
    "serve": Command("serve", "a service and a page: a forecast with every reading", "what was acknowledged is kept"),
    "feed": Command("feed", "get events from sources for a service that runs elsewhere", "what was sent is kept"),
    "wearers": Command("wearers", "the wearers and tokens of the service"),
    "evaluate": Command("evaluate", "the tables of a test"),
    "compare": Command("compare", "two models that were tested on the same data, and whether they differ"),
    "trial": Command("trial", "try control algorithms on virtual wearers; never on a pump"),
    "rollback": Command("rollback", "go back to an earlier published version of a model"),
    "reproduce": Command("reproduce", "train a published version again, and compare the bytes"),
    "fetch": Command("fetch", "get a published model that machines share", "what stood in the folder is whole"),
    "acknowledge": Command("acknowledge", "say that somebody has looked at a week that drifted"),
    "ui": Command("ui", "the Dagster UI of the graph, with the reports one click away", "the UI has ended"),
    "verify": Command("verify", "whether everything in an artifacts folder stands as it was left"),
    "release": Command("release", "make a finished run the base model of the package"),
}


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_USAGE, f"{self.prog}: {' '.join(message.split())} (see {self.prog} --help)\n")


def parser(asked_for: str = "") -> argparse.ArgumentParser:
    """The arguments of the command; of the subcommands only the one asked for has its own."""
    top = _Parser(prog="bloodtwin", description="Glucose forecasts from pump and sensor history.", epilog=EXIT_CODES)
    subparsers = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name, command in COMMANDS.items():
        if name != asked_for:
            subparsers.add_parser(name, help=command.summary)
            continue
        module = import_module(f"bloodtwin_core.cli.{command.module}")
        own = subparsers.add_parser(
            name,
            help=command.summary,
            description=module.__doc__,
            epilog=EXIT_CODES,
            formatter_class=argparse.RawDescriptionHelpFormatter,
        )
        module.add_arguments(own)
        own.set_defaults(run=module.run)
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; arguments are those of the process by default."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    asked_for = words[0] if words and words[0] in COMMANDS else ""
    try:
        # Imports of a subcommand take a second, in which an interrupt should be told like any other.
        given = parser(asked_for).parse_args(words)
        given.run(given)
        sys.stdout.flush()
    except SettingsError as error:
        return _failed(error, BAD_USAGE)
    except BrokenPipeError:
        _let_go_of_stdout()
    except BloodTwinError as error:
        return _failed(error, BAD_DATA)
    except OSError as error:
        return _failed(_in_words(error), BAD_DATA)
    except KeyboardInterrupt:
        after = f"; {COMMANDS[asked_for].interrupted}" if asked_for else ""
        sys.stderr.write(f"bloodtwin: interrupted{after}\n")
        return INTERRUPTED
    return DONE


def run() -> NoReturn:
    """The entry point of the installed command."""
    leave_by_exceptions()
    try:
        code = main()
    except ModuleNotFoundError as error:
        if (advice := advice_on(error)) is None:
            raise
        code = _failed(SettingsError(advice), BAD_USAGE)
    sys.exit(code)


def _failed(error: Exception, code: int) -> int:
    sys.stderr.write(f"{' '.join(str(error).split())}\n")
    return code


def _in_words(error: OSError) -> Exception:
    if error.filename is None or error.strerror is None:
        return error
    what = shortened(printable(os.fsdecode(error.filename)))
    return SettingsError(f"{what}: {error.strerror}. Check its name, and whether you may read or write it")


def _let_go_of_stdout() -> None:
    """Whoever read the output has left, as `head` does; Python would complain of it once more when it ends."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
