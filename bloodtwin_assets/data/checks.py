"""Whether the records make sense, and hold the insulin that their source states: where, by how much, what to do."""

from collections.abc import Iterator, Sequence

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.common.metadata import CellValue, Metadata, table
from bloodtwin_assets.common.selected_checks import only_selected
from bloodtwin_assets.data.assets import raw_pump_splits
from bloodtwin_assets.data.insulin_tables import weeks_table
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.events.compared_totals import LARGEST_SHARE, LARGEST_UNITS
from bloodtwin_core.events.stated_totals import WORDS
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.records import check_records, check_stated_insulin
from bloodtwin_core.records.checks.continuity import CheckName, Finding, Severity

CONTINUITY_CHECKS = {
    CheckName.glucose_gap: "No gap in glucose inside a segment is longer than data.max_gap_hours.",
    CheckName.breaks: "No hole in the rows of a file is longer than data.max_gap_hours; it warns unless "
    "data.block_breaks is set.",
    CheckName.cadence: "Inside a segment there is a record every five minutes.",
    CheckName.time_order: "Timestamps of each file strictly increase.",
    CheckName.duplicate_timestamps: "No timestamp stands twice in a file.",
    CheckName.value_limits: "Every feature lies within its limits, and none is unknown that may not be.",
    CheckName.missing_flag: "bg_missing_flag is 1 exactly where glucose is missing.",
    CheckName.clip_flag: "bg_clip_flag is 1 only where glucose lies at a limit.",
    CheckName.time_of_day: "sin_time and cos_time agree with the timestamps.",
    CheckName.delta_bg: "delta_bg agrees with the glucose beside it.",
    CheckName.split_order: "Train lies before validate and validate before test, without overlap.",
    CheckName.split_without_data: "Every pump has records in all three splits.",
    CheckName.header: "The counts in a file's comment lines agree with its records.",
    CheckName.wearer_overlap: "No two pumps of one wearer (data.wearers) cover the same time in different splits. "
    "Training on one pump while testing the same days on the other is a leak.",
}
NEVER_BLOCKING = {CheckName.wearer_overlap}
"""Checks that only warn: somebody should look, but the records themselves are in order."""
MOST_ROWS = 100
"""Findings shown in a check's table."""
FINDING_COLUMNS = {
    "pump": "Serial number",
    "split": "train, validate or test",
    "what": "What is wrong, at the first place",
    "how much": "How often or by how much",
    "file": "Where it is",
    "line": "First line concerned, as an editor counts",
    "column": "Column concerned",
    "what to do": "How to mend it",
}


@dg.multi_asset_check(
    name="continuity",
    can_subset=True,
    specs=[
        dg.AssetCheckSpec(name.value, asset=raw_pump_splits, description=asks, blocking=name not in NEVER_BLOCKING)
        for name, asks in CONTINUITY_CHECKS.items()
    ],
)
def continuity(
    context: dg.AssetCheckExecutionContext, settings: SettingsResource, artifacts: ArtifactsResource
) -> Iterator[dg.AssetCheckResult]:
    """Whether the records make sense."""
    yield from only_selected(context, continuity_results(artifacts.store(settings), settings))


@failing_in_words
def continuity_results(store: ArtifactStore, settings: SettingsResource) -> list[dg.AssetCheckResult]:
    """One result per continuity check; every file is read once for all of them."""
    checked = check_records(store, settings.plain().data)
    return [
        _continuity_result(
            name, [finding for finding in checked.findings if finding.check is name], checked.files, settings
        )
        for name in CONTINUITY_CHECKS
    ]


def _continuity_result(
    name: CheckName, findings: Sequence[Finding], files: int, settings: SettingsResource
) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name.value,
        asset_key=raw_pump_splits.key,
        passed=not findings,
        severity=_severity(any(finding.severity is Severity.error for finding in findings)),
        description=findings[0].message if findings else f"Nothing found in {files} files.",
        metadata=page_of(settings, _findings_page(findings, files)),
    )


def _findings_page(findings: Sequence[Finding], files: int) -> Metadata:
    if not findings:
        return {"files checked": files}
    return {
        "findings": table([_finding_row(finding) for finding in findings[:MOST_ROWS]], FINDING_COLUMNS),
        "number of findings": len(findings),
        "files checked": files,
    }


def _finding_row(finding: Finding) -> dict[str, CellValue]:
    return {
        "pump": finding.pump_id,
        "split": finding.split.value if finding.split else None,
        "what": finding.what,
        "how much": finding.how_much,
        "file": None if finding.file is None else str(finding.file),
        "line": finding.line,
        "column": finding.column,
        "what to do": finding.todo,
    }


def _severity(error: bool) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.ERROR if error else dg.AssetCheckSeverity.WARN


INSULIN_ADVICE = (
    "Look at the days on the page of raw_pump_splits: insulin that is missing, doubled or at another time is learnt as "
    "it stands. Export the files again, and if they differ still, report it with the name of pump and export"
)


@dg.asset_check(
    asset=raw_pump_splits,
    description=f"Insulin that was imported differs from what the source itself states by at most {LARGEST_SHARE:.0%} "
    f"and {LARGEST_UNITS:g} U over any week; estimates by more alone than they may be wrong.",
)
def stated_insulin(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.AssetCheckResult:
    """Whether the imported insulin is what the source itself states; it only warns."""
    return stated_insulin_result(artifacts.store(settings), settings)


@failing_in_words
def stated_insulin_result(store: ArtifactStore, settings: SettingsResource) -> dg.AssetCheckResult:
    """The weeks that differ, those that differ most first."""
    checked = check_stated_insulin(store)
    weeks = len(checked.weeks)
    if not checked.differing:
        description = f"{weeks} weeks agree." if weeks else "No source states a total; see the figures on the page."
        page = page_of(settings, {"weeks compared": weeks})
        return dg.AssetCheckResult(passed=True, description=description, metadata=page)
    pump_id, worst = checked.differing[0]
    return dg.AssetCheckResult(
        passed=False,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"pump {pump_id}, {worst.days} days from {str(worst.start)[:10]}: {worst.imported:.1f} U of "
        f"{WORDS[worst.kind]} were imported, the source states {worst.stated:.1f} U ({worst.share:+.1%}).",
        metadata=page_of(
            settings,
            {
                "weeks that differ": weeks_table(checked.differing),
                "number of weeks that differ": len(checked.differing),
                "weeks compared": weeks,
                "what to do": INSULIN_ADVICE,
            },
        ),
    )
