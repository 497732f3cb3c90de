"""What people do to published versions from the UI: go back to one, and say that they have looked at a week."""

from datetime import UTC, date, datetime

import dagster as dg
from pydantic import Field

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.publishing.store import PublishedStore


class RollBack(dg.Config):
    """To which version, and why."""

    to: str = Field(default="", description="The version, such as 0003-1a2b3c4d; empty takes the one before.")
    why: str = Field(default="", description="Why, to be kept with it.")


class LookedAt(dg.Config):
    """Which week somebody has looked at."""

    pump: str = Field(description="Whose week it is.")
    week: str = Field(description="The Monday that begins it, such as 2026-01-05.")
    note: str = Field(default="", description="What was found.")


@dg.op
def roll_back_version(
    context: dg.OpExecutionContext, config: RollBack, settings: SettingsResource, artifacts: ArtifactsResource
) -> None:
    """Let an earlier published version be the one in use, at once; a training may be at work meanwhile."""
    version = _rolled_back(artifacts, settings, config)
    context.log.info("Version %s is in use now", version)


@dg.op
def acknowledge_week(
    context: dg.OpExecutionContext, config: LookedAt, settings: SettingsResource, artifacts: ArtifactsResource
) -> None:
    """Say that somebody has looked at a week that drifted, so that it holds no model back any more."""
    _looked_at(artifacts, settings, config)
    context.log.info("%s, week of %s: looked at", config.pump, config.week)


@failing_in_words
def _rolled_back(artifacts: ArtifactsResource, settings: SettingsResource, config: RollBack) -> str:
    return PublishedStore(artifacts.unheld(settings).published).roll_back(datetime.now(UTC), config.to, config.why)


@failing_in_words
def _looked_at(artifacts: ArtifactsResource, settings: SettingsResource, config: LookedAt) -> None:
    try:
        start = date.fromisoformat(config.week)
    except ValueError:
        raise SettingsError(f"week {config.week}: write the day on which it begins, such as 2026-01-05") from None
    PublishedStore(artifacts.unheld(settings).published).change_ledger(
        lambda ledger: ledger.seen(config.pump, start, config.note)
    )


@dg.job(executor_def=dg.in_process_executor)
def roll_back() -> None:
    """Go back to an earlier published version, at once and while others forecast with it.

    Launch it as it is for the version before the one in use, or name one in the Launchpad.
    """
    roll_back_version()


@dg.job(executor_def=dg.in_process_executor)
def acknowledge_drift() -> None:
    """Say in the Launchpad which week that drifted somebody has looked at, so that it holds no model back any more."""
    acknowledge_week()
