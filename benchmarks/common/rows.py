"""One measured figure, the table of all of them, and bench.json."""

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

from bloodtwin_core.common.files import atomic_write


@dataclass(frozen=True)
class Row:
    """A figure beside what is to be reached; met is None where it was not measured or nothing is asked."""

    name: str
    value: float | None
    unit: str
    target: str
    met: bool | None


def at_least(name: str, value: float, unit: str, target: float) -> Row:
    """A figure that should not be smaller than the target."""
    return Row(name, value, unit, f">= {target:g}", value >= target)


def below(name: str, value: float, unit: str, target: float) -> Row:
    """A figure that should be smaller than the target."""
    return Row(name, value, unit, f"< {target:g}", value < target)


def not_measured(name: str, unit: str, target: str) -> Row:
    """A figure that this machine or this run cannot give."""
    return Row(name, None, unit, target, None)


def noted(name: str, value: float, unit: str) -> Row:
    """A figure for the reader, of which nothing is asked."""
    return Row(name, value, unit, "", None)


def table(rows: Sequence[Row]) -> str:
    """The rows as a Markdown table."""
    lines = ["| what | measured | to reach | |", "|---|---|---|---|"]
    return "\n".join([*lines, *(_line(row) for row in rows)])


def write_json(rows: Sequence[Row], path: Path) -> None:
    """The rows as a list of objects."""
    with atomic_write(path) as temporary:
        temporary.write_text(json.dumps([asdict(row) for row in rows], indent=2) + "\n")


def _line(row: Row) -> str:
    value = "not measured" if row.value is None else f"{row.value:,.4g} {row.unit}"
    verdict = {True: "reached", False: "**not reached**", None: ""}[row.met]
    return f"| {row.name} | {value} | {row.target} | {verdict} |"
