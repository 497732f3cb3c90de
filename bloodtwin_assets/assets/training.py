"""From windows to a trained network."""

from collections.abc import Callable

import dagster as dg

from bloodtwin_assets.assets.data import fitted_scaler, windowed_tensors
from bloodtwin_assets.failures import failing_in_words
from bloodtwin_assets.inputs import current_raw_splits, current_scaler, current_windows
from bloodtwin_assets.pages.parts import keep_picture
from bloodtwin_assets.pages.training import epoch_observation, fitted_page
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_assets.run_log import core_log_in
from bloodtwin_core.evaluation.plots import learning_curve
from bloodtwin_core.training import CheckpointFolder, EpochReport, fit


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
    windows, index = current_windows(store, settings)
    scaler = current_scaler(store, current_raw_splits(store, settings))
    checkpoints = CheckpointFolder(store.checkpoints)
    with core_log_in(context):
        fitted = fit(
            windows,
            scaler,
            settings.model,
            settings.training,
            checkpoints,
            store.tensorboard,
            index.fingerprint,
            on_epoch=observed_in(context),
        )
    curve = learning_curve(fitted.epochs)
    files = [fitted.checkpoint, checkpoints.learning_curve, keep_picture(curve, store.plots, "learning curve")]
    store.record("trained_checkpoint", files, fitted.sha256, settings.used("data", "model", "training"))
    return dg.MaterializeResult(metadata=fitted_page(fitted, curve), data_version=dg.DataVersion(fitted.sha256))


def observed_in(context: dg.AssetExecutionContext) -> Callable[[EpochReport], None]:
    """A listener that makes each epoch an observation of the asset, at once."""

    def observe(report: EpochReport) -> None:
        context.log_event(dg.AssetObservation(context.asset_key, metadata=epoch_observation(report)))

    return observe
