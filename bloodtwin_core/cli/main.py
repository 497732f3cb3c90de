"""The `bloodtwin` command: its arguments, and what becomes of an error.

Exit codes: 0 done; 1 the data cannot be used or written; 2 the command or a setting is wrong; 130 interrupted. An error
is one line on stderr.
"""

import argparse
import sys
from collections.abc import Callable, Sequence
from importlib import import_module
from pathlib import Path
from typing import NoReturn

from bloodtwin_core.cli.signals import INTERRUPTED, leave_by_exceptions
from bloodtwin_core.common.errors import BloodTwinError, SettingsError
from bloodtwin_core.common.extras import advice_on

DONE, BAD_DATA, BAD_USAGE = 0, 1, 2
SUBCOMMANDS = {
    "train": "train on the windows of an artifacts folder",
    "evaluate": "print the tables of a test, beside another model if asked",
    "verify": "check that everything in an artifacts folder stands as it was left",
    "release": "make a finished run the base model of the package",
}
"""Those that have a parser of their own: a module of this folder each."""


class _Parser(argparse.ArgumentParser):
    """Says what is wrong in one line."""

    def error(self, message: str) -> NoReturn:
        self.exit(BAD_USAGE, f"{self.prog}: {message} (see {self.prog} --help)\n")


def parser() -> argparse.ArgumentParser:
    """The arguments of the command."""
    from bloodtwin_core.sources.registry import sources
    from bloodtwin_core.sources.source import SplitSource

    top = _Parser(prog="bloodtwin", description="Glucose forecasts from pump and sensor history.")
    commands = top.add_subparsers(dest="command", required=True, metavar="COMMAND", parser_class=_Parser)
    for name, summary in SUBCOMMANDS.items():
        commands.add_parser(name, help=summary, add_help=False)
    importing = commands.add_parser(
        "import",
        help="turn pump and sensor data into split files",
        description="Turn pump and sensor data into DATA/pump_*/{train,validate,test}/lstm_*.csv, and say what was "
        "found. Each pump's files are replaced whole or, if anything fails, not at all.",
    )
    importable = [name for name, source in sources().items() if not isinstance(source, SplitSource)]
    importing.add_argument("source", metavar="SOURCE", choices=importable, help="one of %(choices)s")
    importing.add_argument(
        "folder", metavar="FOLDER", nargs="?", default="", help="the source's files, or where a cloud's events are kept"
    )
    importing.add_argument("--to", metavar="DATA", type=Path, help="folder for the pump_* folders")
    importing.add_argument("--dry-run", action="store_true", help="read and report, write nothing")
    importing.add_argument("--pump", metavar="ID", action="append", default=[], help="only this pump; may be repeated")
    importing.add_argument(
        "--wearer",
        metavar="NAME=ID,ID",
        action="append",
        default=[],
        help="make one history of the pumps that one person wore; may be repeated",
    )
    importing.add_argument(
        "--set",
        metavar="SETTING=VALUE",
        action="append",
        default=[],
        help="any setting of the group data, such as events.glucose_unit=mmol/L; may be repeated",
    )
    return top


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command and return its exit code; arguments are those of the process by default."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    if words and words[0] in SUBCOMMANDS:
        subcommand: Callable[[Sequence[str]], int] = import_module(f"bloodtwin_core.cli.{words[0]}").main
        return subcommand(words[1:])
    try:
        # Loaded here, since it takes half a second in which an interrupt should be told like any other.
        from bloodtwin_core.cli.importing import ImportRequest, import_data
        from bloodtwin_core.cli.settings import data_settings

        given = parser().parse_args(words)
        if given.to is None and not given.dry_run:
            raise SettingsError("say where to write with --to DATA, or look only with --dry-run")
        settings = data_settings(given.source, given.folder, given.pump, given.wearer, given.set)
        sys.stdout.write(import_data(ImportRequest(settings, given.to, given.dry_run)))
        sys.stdout.flush()
    except SettingsError as error:
        return _failed(error, BAD_USAGE)
    except (BloodTwinError, OSError) as error:
        return _failed(error, BAD_DATA)
    except KeyboardInterrupt:
        sys.stderr.write("bloodtwin: interrupted; no pump's files were left half written\n")
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
    sys.stderr.write(f"bloodtwin: {' '.join(str(error).split())}\n")
    return code
