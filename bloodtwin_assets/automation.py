"""When a model is trained again, by Dagster's declarative automation: at a weekly hour, and when enough new days came.

One condition starts the graph at its first assets; each asset after them is part of the same run. While a run has not
come to its end, none is started. The sensor `weekly_retraining` evaluates it, and is off until somebody switches it on.
"""

import warnings
from datetime import timedelta
from typing import Any

import dagster as dg
from dagster._check import CheckError

from bloodtwin_assets.configured import configured
from bloodtwin_assets.ingestion.assets import INGESTION_ASSETS
from bloodtwin_assets.jobs import MAIN_LINE
from bloodtwin_assets.live.assets import LIVE_GROUP
from bloodtwin_assets.people.assets import PEOPLE_GROUP
from bloodtwin_core.common.errors import FolderInUse, SettingsError
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.config import PublishingSettings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.new_days import new_days

RECORDS, MODEL, LAST = (dg.AssetKey(name) for name in ("raw_pump_splits", "trained_checkpoint", "published_model"))
FIRST = {*(asset.key for asset in INGESTION_ASSETS), RECORDS}
BESIDE = (LIVE_GROUP, PEOPLE_GROUP)
"""Groups that are no part of the main line."""
LOOKED_AT = "50 * * * *"
"""When it is looked whether enough new days came; records are read for it."""


class EnoughNewDays(dg.AutomationCondition[dg.AssetKey]):
    """Whether the source has as many more days of records than the last run learnt from as publishing.new_days says.

    It looks at what the records hold, not at when files were touched.
    """

    @property
    def name(self) -> str:
        """What the UI calls it."""
        return "enough new days came"

    def evaluate(self, context: Any) -> dg.AutomationResult[dg.AssetKey]:
        """For all candidates alike; nothing is read where there is none."""
        candidates = context.candidate_subset
        came = not candidates.is_empty and enough_new_days()
        return dg.AutomationResult(context, candidates if came else context.get_empty_subset())


def enough_new_days() -> bool:
    """The same for the file of settings as it is now. Raises BloodTwinError if settings or records cannot be read."""
    config = configured()
    settings = config.settings()
    wanted = settings.publishing.new_days
    store = ArtifactStore(given_path(config.root) / settings.model.name)
    store.join(config.shared)
    try:
        store.refresh()
    except FolderInUse:  # By a run, beside which no other begins.
        return False
    return wanted > 0 and new_days(store, settings.data) >= wanted


def retraining_sensor() -> dg.AutomationConditionSensorDefinition:
    """The sensor that looks every half minute whether a retraining is due."""
    with warnings.catch_warnings():
        # A condition of one's own has to be evaluated where it is known.
        warnings.simplefilter("ignore", dg.BetaWarning)
        return dg.AutomationConditionSensorDefinition(
            name="weekly_retraining",
            target=dg.AssetSelection.all() - dg.AssetSelection.groups(*BESIDE),
            default_status=dg.DefaultSensorStatus.STOPPED,
            use_user_code_server=True,
            run_tags=MAIN_LINE,
            description="Fetches, trains, tests, exports and publishes at publishing.cron, and when "
            "publishing.new_days more days of records came. Never two at once.",
        )


def automated(spec: dg.AssetSpec, settings: PublishingSettings) -> dg.AssetSpec:
    """With the condition under which the asset is materialized by itself, and until when it counts as fresh."""
    if spec.group_name in BESIDE:
        return spec
    spec = spec.replace_attributes(automation_condition=_condition(spec, settings))
    if spec.key not in (RECORDS, MODEL, LAST):
        return spec
    days = timedelta(days=settings.stale_days)
    return spec.replace_attributes(freshness_policy=dg.FreshnessPolicy.time_window(fail_window=days))


def _condition(spec: dg.AssetSpec, settings: PublishingSettings) -> Any:
    """Dagster's conditions are generic in a way that no annotation of a mixture of them fits."""
    if spec.key not in FIRST:
        return dg.AutomationCondition.any_deps_match(dg.AutomationCondition.will_be_requested())
    at_work = dg.AutomationCondition.asset_matches(LAST, dg.AutomationCondition.in_progress())
    looks = dg.AutomationCondition.cron_tick_passed(LOOKED_AT) & EnoughNewDays()
    due = _weekly(settings) | looks
    return (~at_work & due).with_label("a retraining is due, and none is at work")


def _weekly(settings: PublishingSettings) -> Any:
    try:
        return dg.AutomationCondition.cron_tick_passed(settings.cron, settings.time_zone)
    except CheckError as error:
        raise SettingsError(f"publishing.cron '{settings.cron}' is none. Write five fields, as 0 4 * * 1") from error
