"""A fine-tuned copy of the network for each pump that gains by it."""

import dagster as dg

from bloodtwin_assets.assets.data import windowed_tensors
from bloodtwin_assets.assets.training import trained_checkpoint
from bloodtwin_assets.failures import failing_in_words
from bloodtwin_assets.pages.personal import personal_page
from bloodtwin_assets.resources import ArtifactsResource, SettingsResource
from bloodtwin_core.files import sha256_of
from bloodtwin_core.inputs import current_checkpoint, current_windows
from bloodtwin_core.personal import personalise
from bloodtwin_core.personal_files import INDEX, PersonalOutcome


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
    store = artifacts.store(settings)
    windows, index = current_windows(store, settings.data)
    unified = current_checkpoint(store, settings.model, index)

    def log(outcome: PersonalOutcome) -> None:
        kept = "accepted" if outcome.accepted else "unified network kept"
        context.log.info("pump %s: %s: %s", outcome.pump_id, kept, outcome.reason)

    plain = settings.plain()
    found = personalise(windows, unified, plain.training, plain.personal, store.personal, log)
    version = sha256_of(store.personal / INDEX)
    used = settings.used("data", "model", "training", "personal")
    store.record("personal_checkpoints", sorted(store.personal.iterdir()), version, used)
    return dg.MaterializeResult(metadata=personal_page(found, store.personal), data_version=dg.DataVersion(version))
