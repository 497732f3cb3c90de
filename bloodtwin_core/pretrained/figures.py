"""Every figure of test_results.yaml as Markdown, whatever the evaluation put there.

A mapping of mappings becomes a table with a row each, lists of equal length the columns of a table, and single values a
list; nothing is known here of what the figures mean.
"""

from collections.abc import Iterator, Mapping
from typing import Any

DECIMALS = 3
DEEPEST_HEADING = 6


def figures(content: Mapping[str, Any], level: int) -> str:
    """Everything in content, under headings of this level and below."""
    return "\n\n".join(_section(content, min(level, DEEPEST_HEADING)))


def _section(content: Mapping[str, Any], level: int) -> Iterator[str]:
    single = {name: value for name, value in content.items() if not isinstance(value, Mapping | list)}
    if single:
        yield "\n".join(f"- {name}: {shown(value)}" for name, value in single.items())
    columns = {name: value for name, value in content.items() if isinstance(value, list) and value}
    if columns:
        yield _lists(columns)
    for name, value in content.items():
        if not isinstance(value, Mapping) or not value:
            continue
        yield f"{'#' * level} {name}"
        rows = {row: _flat(found) for row, found in value.items() if isinstance(found, Mapping)}
        if len(rows) == len(value) and all(rows.values()):
            yield _table(rows)
        else:
            yield figures(value, level + 1)


def _flat(content: Mapping[str, Any], before: str = "") -> dict[str, Any]:
    """Single values by their path; empty where a list would be lost."""
    found: dict[str, Any] = {}
    for name, value in content.items():
        if isinstance(value, list):
            return {}
        if isinstance(value, Mapping):
            below = _flat(value, f"{before}{name} ")
            if value and not below:
                return {}
            found |= below
        else:
            found[f"{before}{name}"] = value
    return found


def _lists(columns: Mapping[str, list[Any]]) -> str:
    plain = all(not isinstance(value, Mapping | list) for values in columns.values() for value in values)
    if plain and len(columns) > 1 and len({len(values) for values in columns.values()}) == 1:
        lines = [f"| {' | '.join(columns)} |", "|" + "---|" * len(columns)]
        rows = zip(*columns.values(), strict=True)
        return "\n".join([*lines, *(f"| {' | '.join(shown(value) for value in row)} |" for row in rows)])
    return "\n".join(f"- {name}: {', '.join(shown(value) for value in values)}" for name, values in columns.items())


def _table(rows: Mapping[str, Mapping[str, Any]]) -> str:
    """Figures down, what was measured across, since there are many more figures."""
    names = list(dict.fromkeys(name for row in rows.values() for name in row))
    lines = [f"| | {' | '.join(str(row) for row in rows)} |", "|---|" + "---|" * len(rows)]
    body = (f"| {name} | {' | '.join(shown(row.get(name)) for row in rows.values())} |" for name in names)
    return "\n".join([*lines, *body])


def shown(value: Any) -> str:
    """A figure with three decimals, and a dash where there is none."""
    if value is None:
        return "–"
    if isinstance(value, float):
        return f"{value:.{DECIMALS}f}"
    return str(value)
