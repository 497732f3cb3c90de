"""From windows to a trained network, and a fine-tuned copy of it for each pump that gains by it."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.common.run_log import core_log_in
from bloodtwin_assets.common.terminal import COMMAND_TERMINAL, drawing_on
from bloodtwin_assets.data.assets import fitted_scaler, windowed_tensors
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_assets.training.launching import launched_by_pipes
from bloodtwin_assets.training.pages import epoch_observation, fitted_page, personal_page
from bloodtwin_core.records.glucose_units import GlucoseUnit

if TYPE_CHECKING:
    from bloodtwin_core.personal.storage import PersonalOutcome
    from bloodtwin_core.training import EpochReport


@dg.asset(group_name="training", kinds={"pytorch", "lightning"}, deps=[windowed_tensors, fitted_scaler])
@failing_in_words
def trained_checkpoint(
    context: dg.AssetExecutionContext, settings: SettingsResource, artifacts: ArtifactsResource
) -> dg.MaterializeResult[None]:
    """The network of the epoch with the lowest validation MAE, as a Lightning checkpoint.

    Every epoch appears here as an observation while the training runs. A training that was broken off goes on from
    its last epoch if settings and data are still the same; the checkpoint that stood before stays until the new one
    is finished. `make tensorboard` shows the details.
    """
    from bloodtwin_core.pipeline.training import LEARNING_CURVE, train_stage

    store = artifacts.store(settings)
    with core_log_in(context), drawing_on(COMMAND_TERMINAL):
        fitted = train_stage(
            store, settings.plain(), observed_in(context, settings), launcher=launched_by_pipes(context)
        )
    page = fitted_page(fitted, store.picture(LEARNING_CURVE).read_bytes(), GlucoseUnit(settings.evaluation.unit))
    return dg.MaterializeResult(metadata=page_of(settings, page), data_version=dg.DataVersion(fitted.sha256))


def observed_in(context: dg.AssetExecutionContext, settings: SettingsResource) -> "Callable[[EpochReport], None]":
    """A listener that makes each epoch an observation of the asset, at once."""

    unit = GlucoseUnit(settings.evaluation.unit)

    def observe(report: "EpochReport") -> None:
        page = page_of(settings, epoch_observation(report, unit))
        context.log_event(dg.AssetObservation(context.asset_key, metadata=page))

    return observe


@dg.asset(group_name="training", kinds={"pytorch", "lightning"}, deps=[trained_checkpoint, windowed_tensors])
@failing_in_words
def personal_checkpoints(
    context: dg.AssetExecutionContext, settings: SettingsResource, artifacts: ArtifactsResource
) -> dg.MaterializeResult[None]:
    """For each pump a copy of the unified network, fine-tuned on this pump's *train* split alone.

    It begins with the unified weights and keeps the unified scaler. A copy is accepted, and kept as
    `checkpoints/personal/{pump}.ckpt`, only where its error on the pump's *validate* split is lower; the other pumps
    stay with the unified network, and the table says why. Test errors are shown for information only.
    """
    from bloodtwin_core.pipeline.personal import personal_stage

    store, unit = artifacts.store(settings), GlucoseUnit(settings.evaluation.unit)

    def log(outcome: "PersonalOutcome") -> None:
        kept = "accepted" if outcome.accepted else "unified network kept"
        context.log.info("pump %s: %s: %s", outcome.pump_id, kept, outcome.told(unit))

    index = personal_stage(store, settings.plain(), log)
    version = dg.DataVersion(store.version_of("personal_checkpoints"))
    page = personal_page(index, store.personal, unit)
    return dg.MaterializeResult(metadata=page_of(settings, page), data_version=version)
