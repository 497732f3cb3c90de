"""The page of published_model: what was decided, and the comparison that it rests on."""

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from bloodtwin_assets.common.metadata import CellValue, Metadata, glucose, numbers, table
from bloodtwin_core.publishing.decision import Compared, Decision, Evidence, Verdict
from bloodtwin_core.records.glucose_units import GlucoseUnit

if TYPE_CHECKING:
    from bloodtwin_core.pipeline.publishing import Publication

GATE_COLUMNS = {"condition": "All must be met", "met": "yes or no", "why": "What was measured"}
VERDICTS = {
    Verdict.published: "published: the candidate took the place of what was in use",
    Verdict.refused: "refused: what was in use stays",
    Verdict.unchanged: "unchanged: the candidate is what is in use",
}


def published_page(made: "Publication", folder: Path, unit: GlucoseUnit = GlucoseUnit.mg_dl) -> Metadata:
    """The verdict, its conditions, the figures of both, and what is in use now."""
    decision, in_use = made.decision, made.in_use
    page: dict[str, dg.TableMetadataValue | dg.PathMetadataValue | str | int | float] = {
        "verdict": VERDICTS[decision.verdict],
        "why": decision.why,
        "in use": in_use.version if in_use else "nothing published",
        "conditions": conditions_table(decision),
    }
    if evidence := decision.evidence:
        page |= {
            "on the same days": _figures_table(evidence, unit),
            "judged windows": evidence.windows,
            "judged days (of all pumps)": evidence.days,
            "judged from": ", ".join(f"{pump}: {moment:%Y-%m-%d}" for pump, moment in evidence.judged_from.items()),
            **numbers({"loss against what was in use": evidence.loss}),
        }
    if in_use:
        page |= {"learnt up to": f"{in_use.newest:%Y-%m-%d}", "made by run": in_use.run or "a run without a name"}
    return {**page, "folder": dg.PathMetadataValue(folder.absolute())}


def conditions_table(decision: Decision) -> dg.TableMetadataValue:
    """A row for each condition."""
    rows: list[dict[str, CellValue]] = [
        {"condition": gate.name, "met": "yes" if gate.passed else "no", "why": gate.why} for gate in decision.gates
    ]
    return table(rows, GATE_COLUMNS)


def _figures_table(evidence: Evidence, unit: GlucoseUnit) -> dg.TableMetadataValue:
    columns = {
        "metric": "On the judged days",
        "candidate": f"What this run trained, {unit}",
        "in use": f"The version in use, {unit}",
        "persistence": f"The last reading stays, {unit}",
        "difference": "Candidate minus in use; with its 95 % interval",
    }
    return table([_figure_row(each, unit) for each in evidence.figures], columns)


def _figure_row(each: Compared, unit: GlucoseUnit) -> dict[str, CellValue]:
    interval = each.difference
    told = None
    if interval:
        value, low, high = (glucose(bound, unit) for bound in (interval.value, interval.low, interval.high))
        told = f"{value:+} ({low:+} to {high:+})"
    return {
        "metric": each.metric.removeprefix("test_"),
        "candidate": glucose(each.candidate, unit),
        "in use": glucose(each.champion, unit),
        "persistence": glucose(each.persistence, unit),
        "difference": told,
    }
