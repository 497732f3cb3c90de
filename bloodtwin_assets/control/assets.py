"""Suspensions by the published model's forecasts, on virtual wearers."""

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.control.pages import trial_page
from bloodtwin_assets.publishing.assets import published_model
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.pipeline.control import control_stage


@dg.asset(group_name="control", kinds={"json"}, deps=[published_model])
@failing_in_words
def control_trial(settings: SettingsResource, artifacts: ArtifactsResource) -> dg.MaterializeResult[None]:
    """What the published model's forecasts do where insulin is suspended by them, on virtual wearers.

    The same lives are lived under Basal-IQ's published rule, under the version in use, and under the version that was
    in use before it. Figures are of the glucose in the blood. Virtual wearers tell nothing of people, and nothing here
    reaches a pump; `bloodtwin trial` tries more controllers, and what can go wrong. docs/control.md.
    """
    store = artifacts.store(settings)
    trial = control_stage(store, settings.plain())
    version = dg.DataVersion(store.version_of("control_trial"))
    return dg.MaterializeResult(metadata=page_of(settings, trial_page(trial)), data_version=version)
