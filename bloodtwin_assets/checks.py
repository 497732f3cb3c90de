"""Asset checks. Each reads the artifact as it stands, and says where something is wrong, by how much and what to do."""

from collections.abc import Iterator, Sequence

import dagster as dg

from bloodtwin_assets.assets.data import raw_pump_splits
from bloodtwin_assets.assets.evaluation import test_results
from bloodtwin_assets.assets.exports import onnx_export, streaming_export, torchscript_export
from bloodtwin_assets.failures import failing_in_words
from bloodtwin_assets.pages.parts import Cell, Page, numbers, table
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.artifacts import ArtifactStore
from bloodtwin_core.continuity import CheckName, Finding, Severity, findings
from bloodtwin_core.evaluation.results import TargetOutcome, TestResults
from bloodtwin_core.evaluation.targets import target_outcomes
from bloodtwin_core.export import NO_STREAM_WITH_ATTENTION, Predict, load_onnx, load_streaming, load_torchscript, parity
from bloodtwin_core.inputs import current_checkpoint, current_windows
from bloodtwin_core.raw_splits import load_splits, read_raw_splits

CONTINUITY_CHECKS = {
    CheckName.glucose_gap: "No gap in glucose inside a segment is longer than data.max_gap_hours.",
    CheckName.cadence: "Inside a segment there is a record every five minutes.",
    CheckName.time_order: "Timestamps of each file strictly increase.",
    CheckName.duplicate_timestamps: "No timestamp stands twice in a file.",
    CheckName.value_limits: "Glucose, basal rate and bolus lie within their physiological limits.",
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

TARGET_CHECKS = {
    "mae_30min": (["mae_at_30min"], "MAE 30 minutes ahead (AT, mg/dL) is below evaluation.target_mae_30min."),
    "mae_60min": (["mae_at_60min"], "MAE 60 minutes ahead (AT, mg/dL) is below evaluation.target_mae_60min."),
    "rmse": (["rmse"], "RMSE over the first hour (mg/dL) is below evaluation.target_rmse."),
    "skill_against_persistence": (
        ["skill_mae_at_30min", "skill_mae_at_60min"],
        "The forecaster errs less than persistence (the last reading stays) 30 and 60 minutes ahead.",
    ),
}
"""Which outcomes of the test decide each check, and what it asks."""
TARGET_ADVICE = (
    "Results and exports stand and can be used. More people or days to learn from help most; "
    "then look at the table per pump and at the learning curve"
)
PARITY_ADVICE = "Do not use the file. Materialize it again; if it still disagrees, choose another export.opset"


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
    yield from _asked_for(context, continuity_results(artifacts.store(settings), settings))


@failing_in_words
def continuity_results(store: ArtifactStore, settings: SettingsResource) -> list[dg.AssetCheckResult]:
    """One result per continuity check; every file is read once for all of them."""
    loaded = load_splits(read_raw_splits(store.raw_splits), store.folder)
    split_alike = [split.file for split in loaded if not split.learnt_only]
    found = findings(split_alike, settings.data, [split.file for split in loaded if split.learnt_only])
    return [
        _continuity_result(name, [finding for finding in found if finding.check is name], len(loaded))
        for name in CONTINUITY_CHECKS
    ]


@dg.multi_asset_check(
    name="targets",
    can_subset=True,
    specs=[dg.AssetCheckSpec(name, asset=test_results, description=asks) for name, (_, asks) in TARGET_CHECKS.items()],
)
def targets(
    context: dg.AssetCheckExecutionContext, settings: SettingsResource, artifacts: ArtifactsResource
) -> Iterator[dg.AssetCheckResult]:
    """Whether the forecaster is as good as it should be. A missed target stops nothing."""
    yield from _asked_for(context, target_results(artifacts.store(settings), settings))


@failing_in_words
def target_results(store: ArtifactStore, settings: SettingsResource) -> list[dg.AssetCheckResult]:
    """One result per target."""
    results = TestResults.read(store.test_results)
    outcomes = target_outcomes(results.complete.pooled, settings.evaluation, results.horizon)
    return [
        _target_result(name, [outcome for outcome in outcomes if outcome.name in deciding], results)
        for name, (deciding, _) in TARGET_CHECKS.items()
    ]


@dg.asset_check(asset=torchscript_export, name="agrees_with_checkpoint", blocking=True)
@failing_in_words
def torchscript_agrees(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.AssetCheckResult:
    """model.ts forecasts the same as the checkpoint on real test windows, to within export.parity_tolerance."""
    store = artifacts.store(settings)
    return _parity_result(load_torchscript(store.torchscript)[0], store, settings)


@dg.asset_check(asset=onnx_export, name="agrees_with_checkpoint", blocking=True)
@failing_in_words
def onnx_agrees(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.AssetCheckResult:
    """model.onnx forecasts the same as the checkpoint on real test windows, to within export.parity_tolerance."""
    store = artifacts.store(settings)
    return _parity_result(load_onnx(store.onnx)[0], store, settings)


@dg.asset_check(asset=streaming_export, name="agrees_with_checkpoint", blocking=True)
@failing_in_words
def streaming_agrees(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.AssetCheckResult:
    """model_streaming.onnx, record by record from a zero state, forecasts what the checkpoint does from whole windows.

    On real test windows, to within export.parity_tolerance. A network with attention has no such file.
    """
    store = artifacts.store(settings)
    if settings.model.attention:
        return dg.AssetCheckResult(passed=True, description=f"There is none: {NO_STREAM_WITH_ATTENTION}.")
    return _parity_result(load_streaming(store.onnx_streaming)[0], store, settings)


CHECKS = [continuity, targets, torchscript_agrees, onnx_agrees, streaming_agrees]


def _asked_for(
    context: dg.AssetCheckExecutionContext, results: Sequence[dg.AssetCheckResult]
) -> Iterator[dg.AssetCheckResult]:
    """In the UI a single check can be executed."""
    asked_for = {key.name for key in context.selected_asset_check_keys}
    return (result for result in results if result.check_name in asked_for)


def _continuity_result(name: CheckName, found: Sequence[Finding], files: int) -> dg.AssetCheckResult:
    return dg.AssetCheckResult(
        check_name=name.value,
        asset_key=raw_pump_splits.key,
        passed=not found,
        severity=_severity(any(finding.severity is Severity.error for finding in found)),
        description=found[0].message if found else f"Nothing found in {files} files.",
        metadata=_findings_page(found, files),
    )


def _findings_page(found: Sequence[Finding], files: int) -> Page:
    if not found:
        return {"files checked": files}
    return {
        "findings": table([_finding_row(finding) for finding in found[:MOST_ROWS]], FINDING_COLUMNS),
        "number of findings": len(found),
        "files checked": files,
    }


def _finding_row(finding: Finding) -> dict[str, Cell]:
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


def _target_result(name: str, outcomes: Sequence[TargetOutcome], results: TestResults) -> dg.AssetCheckResult:
    met = all(outcome.met for outcome in outcomes)
    page: dict[str, str | float | int] = {"windows (complete)": results.complete.windows}
    for outcome in outcomes:
        page |= numbers(
            {
                outcome.name: outcome.value,
                f"{outcome.name}: limit": outcome.limit,
                f"{outcome.name}: missed by": outcome.missed_by,
                f"{outcome.name}: MEAN": outcome.mean_reading,
            }
        )
    if not met:
        page["what to do"] = TARGET_ADVICE
    return dg.AssetCheckResult(
        check_name=name,
        asset_key=test_results.key,
        passed=met,
        description="; ".join(f"{outcome.name}: {outcome.reading}" for outcome in outcomes),
        metadata=page,
    )


def _parity_result(predict: Predict, store: ArtifactStore, settings: SettingsResource) -> dg.AssetCheckResult:
    windows, index = current_windows(store, settings.data)
    report = parity(predict, current_checkpoint(store, settings.model, index), windows, settings.export)
    page: dict[str, str | float | int] = {
        "largest difference (mg/dL)": report.largest_difference,
        "at pump": report.pump_id,
        "at origin (UTC)": str(report.origin),
        "tolerance (mg/dL)": report.tolerance,
        "windows": report.windows,
    }
    return dg.AssetCheckResult(
        passed=report.agrees,
        description=f"On {report.windows} test windows it differs by at most {report.largest_difference:.2g} mg/dL; "
        f"{report.tolerance:g} is allowed.",
        metadata=page if report.agrees else {**page, "what to do": PARITY_ADVICE},
    )


def _severity(error: bool) -> dg.AssetCheckSeverity:
    return dg.AssetCheckSeverity.ERROR if error else dg.AssetCheckSeverity.WARN
