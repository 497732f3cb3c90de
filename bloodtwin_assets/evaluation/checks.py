"""Whether the forecaster is as good as it should be."""

from collections.abc import Iterator, Sequence

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.common.metadata import numbers
from bloodtwin_assets.common.selected_checks import only_selected
from bloodtwin_assets.evaluation.assets import test_results
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.evaluation.results import TargetOutcome, TestResults
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.records.glucose_units import GlucoseUnit

TARGET_CHECKS = {
    "mae_30min": (["mae_at_30min"], "MAE 30 minutes ahead (AT) is below evaluation.target_mae_30min."),
    "mae_60min": (["mae_at_60min"], "MAE 60 minutes ahead (AT) is below evaluation.target_mae_60min."),
    "rmse": (["rmse"], "RMSE over the first hour is below evaluation.target_rmse."),
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


@dg.multi_asset_check(
    name="targets",
    can_subset=True,
    specs=[dg.AssetCheckSpec(name, asset=test_results, description=asks) for name, (_, asks) in TARGET_CHECKS.items()],
)
def targets(
    context: dg.AssetCheckExecutionContext, settings: SettingsResource, artifacts: ArtifactsResource
) -> Iterator[dg.AssetCheckResult]:
    """Whether the forecaster is as good as it should be. A missed target stops nothing."""
    yield from only_selected(context, target_results(artifacts.store(settings), settings))


@failing_in_words
def target_results(store: ArtifactStore, settings: SettingsResource) -> list[dg.AssetCheckResult]:
    """One result per target."""
    from bloodtwin_core.pipeline.evaluation import check_targets

    checked = check_targets(store, settings.evaluation)
    return [
        _target_result(name, [each for each in checked.outcomes if each.name in deciding], checked.results, settings)
        for name, (deciding, _) in TARGET_CHECKS.items()
    ]


def _target_result(
    name: str, outcomes: Sequence[TargetOutcome], results: TestResults, settings: SettingsResource
) -> dg.AssetCheckResult:
    met, unit = all(outcome.met for outcome in outcomes), GlucoseUnit(settings.evaluation.unit)
    page: dict[str, str | float | int] = {"windows (complete)": results.complete.windows}
    for outcome in outcomes:
        scale = 1.0 if outcome.is_skill else unit.in_mg_per_dl
        named = outcome.name if outcome.is_skill else f"{outcome.name} ({unit})"
        told = {
            named: outcome.value,
            f"{named}: limit": outcome.limit,
            f"{named}: missed by": outcome.missed_by,
            f"{named}: MEAN": outcome.mean_reading,
        }
        page |= numbers({name: None if value is None else value / scale for name, value in told.items()})
    if not met:
        page["what to do"] = TARGET_ADVICE
    return dg.AssetCheckResult(
        check_name=name,
        asset_key=test_results.key,
        passed=met,
        description="; ".join(f"{outcome.name}: {outcome.told(unit)}" for outcome in outcomes),
        metadata=page_of(settings, page),
    )
