"""From windows to a trained network."""

from collections.abc import Callable

import dagster as dg

from bloodtwin_assets.assets.data import fitted_scaler, windowed_tensors
from bloodtwin_assets.failures import failing_in_words
from bloodtwin_assets.pages.training import epoch_observation, fitted_page
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_assets.run_log import core_log_in
from bloodtwin_assets.terminal import COMMAND_TERMINAL, drawing_on
from bloodtwin_core.stages import LEARNING_CURVE, train_stage
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
    store = artifacts.store(settings)
    with core_log_in(context), drawing_on(COMMAND_TERMINAL):
        fitted = train_stage(store, settings.plain(), on_epoch=observed_in(context))
    page = fitted_page(fitted, store.picture(LEARNING_CURVE).read_bytes())
    return dg.MaterializeResult(metadata=page, data_version=dg.DataVersion(fitted.sha256))


def observed_in(context: dg.AssetExecutionContext) -> Callable[[EpochReport], None]:
    """A listener that makes each epoch an observation of the asset, at once."""

    def observe(report: EpochReport) -> None:
        context.log_event(dg.AssetObservation(context.asset_key, metadata=epoch_observation(report)))

    return observe
