"""Whether what a run trained was published, and whether new weeks are like those that were learnt from."""

from collections.abc import Iterator

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.common.metadata import CellValue, picture, table
from bloodtwin_assets.common.selected_checks import only_selected
from bloodtwin_assets.publishing.assets import published_model
from bloodtwin_assets.publishing.pages import conditions_table
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.publishing.decision import Verdict
from bloodtwin_core.publishing.drift.judging import COVERAGE, ERROR, GLUCOSE, INSULIN, MISSING
from bloodtwin_core.publishing.drift.ledger import JudgedWeek, Ledger, Measure
from bloodtwin_core.publishing.store import PublishedStore

MOST_WEEKS = 50
"""Weeks shown in a check's table."""

REFUSED_ADVICE = (
    "Nothing is broken: what was in use stays in use. Look at the conditions that were not met. Where drift holds it, "
    "look at those weeks, then say so: bloodtwin acknowledge"
)


@dg.asset_check(asset=published_model, name="candidate_published")
@failing_in_words
def candidate_published(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.AssetCheckResult:
    """The candidate of the last run was published, or is what is in use; it only warns."""
    from bloodtwin_core.pipeline.upstream import stored_decision

    decision = stored_decision(artifacts.store(settings))
    page: dict[str, dg.TableMetadataValue | str] = {"conditions": conditions_table(decision)}
    refused = decision.verdict is Verdict.refused
    return dg.AssetCheckResult(
        passed=not refused,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{decision.verdict}: {decision.why}",
        metadata=page_of(settings, {**page, "what to do": REFUSED_ADVICE} if refused else page),
    )


DRIFT_CHECKS = {
    GLUCOSE: (
        "The glucose of each new week is distributed as in the training period, to within publishing.drift.glucose.",
        "distance of distributions (mg/dL)",
        "A sensor of another kind, a wrong unit or a changed life. Compare with a blood meter, and look at the days",
    ),
    MISSING: (
        "No new week misses more readings than the training period, to within publishing.drift.missing.",
        "share missing beyond training's",
        "A dead sensor, an app that stopped sending, or a fetch that failed. Fetch again; what stays away does no harm",
    ),
    INSULIN: (
        "Insulin a day is as in the training period, to within publishing.drift.insulin, a share.",
        "change of insulin a day (share)",
        "A new therapy, doses that are not recorded, or recorded twice. Ask the wearer, and look at the days",
    ),
    ERROR: (
        "The version in use errs no more than on the days it was published on, to within publishing.drift.error.",
        "rise of MAE (share)",
        "If glucose and insulin did not drift, look at the days: more rapid changes are harder for every forecaster",
    ),
    COVERAGE: (
        "The version's 80 % band holds as many readings as on the days it was published on, to within "
        "publishing.drift.coverage.",
        "change of the share in the 80 % band",
        "Do not rely on the bands until a version that learnt from these days is published",
    ),
}
"""What each check of drift asks, what its picture shows, and what to do."""
LOOK_ADVICE = (
    "{advice}. As long as nobody has looked, no model that learns from these days is published. When you have: "
    "bloodtwin acknowledge {folder} --pump {pump} --week {week}, or the job acknowledge_drift"
)
WEEK_COLUMNS = {
    "pump": "Serial number",
    "week": "The Monday that begins it",
    "week's": "Of this week",
    "training's": "Of the training period",
    "distance": "Held against the limit",
    "limit": "publishing.drift",
    "seen": "What whoever looked at it said",
}


@dg.multi_asset_check(
    name="drift",
    can_subset=True,
    specs=[
        dg.AssetCheckSpec(f"drift_{name}", asset=published_model, description=asks)
        for name, (asks, _, _) in DRIFT_CHECKS.items()
    ],
)
def drift(
    context: dg.AssetCheckExecutionContext, settings: SettingsResource, artifacts: ArtifactsResource
) -> Iterator[dg.AssetCheckResult]:
    """Whether new weeks are like those that were learnt from; they only warn."""
    yield from only_selected(context, drift_results(artifacts.store(settings), settings))


@failing_in_words
def drift_results(store: ArtifactStore, settings: SettingsResource) -> list[dg.AssetCheckResult]:
    """One result a measure."""
    ledger = PublishedStore(store.published).ledger()
    return [_drift_result(name, ledger, store, settings) for name in DRIFT_CHECKS]


def _drift_result(name: str, ledger: Ledger, store: ArtifactStore, settings: SettingsResource) -> dg.AssetCheckResult:
    from bloodtwin_core.publishing.drift.picture import drift_over_weeks

    _, label, advice = DRIFT_CHECKS[name]
    found = [(week, each) for week in ledger.weeks for each in week.measures if each.name == name]
    beyond = [(week, each) for week, each in found if each.beyond]
    still = [week for week, _ in beyond if week.is_open]
    page: dict[str, dg.TableMetadataValue | dg.MarkdownMetadataValue | str | int] = {"weeks judged": len(found)}
    if beyond:
        page["weeks beyond the limit"] = table([_week_row(*each) for each in beyond[-MOST_WEEKS:]], WEEK_COLUMNS)
    if still:
        worst = still[-1]
        page["what to do"] = LOOK_ADVICE.format(advice=advice, folder=store.folder, pump=worst.pump, week=worst.start)
    if found:
        limit = float(getattr(settings.publishing.drift, name))
        png = drift_over_weeks(ledger, name, limit, label)
        page["weeks"] = picture(png, label)
    told = "; ".join(week.told for week in still[-3:])
    return dg.AssetCheckResult(
        check_name=f"drift_{name}",
        asset_key=published_model.key,
        passed=not still,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"Nobody has looked at {told}" if still else f"{len(found)} weeks judged, none is open.",
        metadata=page_of(settings, page),
    )


def _week_row(week: JudgedWeek, each: Measure) -> dict[str, CellValue]:
    return {
        "pump": week.pump,
        "week": str(week.start),
        "week's": each.value,
        "training's": each.reference,
        "distance": each.distance,
        "limit": each.limit,
        "seen": week.seen or None,
    }
