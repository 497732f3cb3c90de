"""Whether what a run trained was published."""

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.publishing.assets import published_model
from bloodtwin_assets.publishing.pages import conditions_table
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.pipeline.upstream import stored_decision
from bloodtwin_core.publishing.decision import Verdict

REFUSED_ADVICE = (
    "Nothing is broken: what was in use stays in use. Look at the conditions that were not met. Where drift holds it, "
    "look at those weeks, then say so: bloodtwin acknowledge"
)


@dg.asset_check(asset=published_model, name="candidate_published")
@failing_in_words
def candidate_published(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.AssetCheckResult:
    """The candidate of the last run was published, or is what is in use; it only warns."""
    decision = stored_decision(artifacts.store(settings))
    page: dict[str, dg.TableMetadataValue | str] = {"conditions": conditions_table(decision)}
    refused = decision.verdict is Verdict.refused
    return dg.AssetCheckResult(
        passed=not refused,
        severity=dg.AssetCheckSeverity.WARN,
        description=f"{decision.verdict}: {decision.why}",
        metadata=page_of(settings, {**page, "what to do": REFUSED_ADVICE} if refused else page),
    )
