"""Whether the version in use suspends no worse than the one before."""

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.control.assets import control_trial
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.control.trial.measures import MEASURES
from bloodtwin_core.pipeline.control import ControlTrial, stored_trial

ADVICE = "Go back to the version before, bloodtwin rollback, and look at how the new one forecasts lows"


@dg.asset_check(asset=control_trial, name="suspension_no_worse")
@failing_in_words
def suspension_no_worse(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.AssetCheckResult:
    """Suspensions by the version in use leave no more time below 70 or 54 mg/dL than by the one before it, beyond the
    interval."""
    trial = stored_trial(artifacts.store(settings))
    return dg.AssetCheckResult(
        passed=not trial.worse,
        severity=dg.AssetCheckSeverity.ERROR,
        description=_told(trial),
        metadata=page_of(settings, {"what to do": ADVICE} if trial.worse else {}),
    )


def _told(trial: ControlTrial) -> str:
    if not trial.before:
        return "Nothing was published before: there is nothing to compare with."
    changes = [
        f"{change.value:+.2f} points {MEASURES[name].title}"
        + ("" if change.low is None else f" ({change.low:+.2f} to {change.high:+.2f})")
        for name, change in trial.changes().items()
    ]
    return f"{trial.in_use} beside {trial.before}: {', '.join(changes)}."
