"""The stage personal_checkpoints: a fine-tuned copy of the network for each pump that gains by it."""

from collections.abc import Callable

from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.config import Settings
from bloodtwin_core.personal.storage import INDEX, PersonalIndex, PersonalOutcome
from bloodtwin_core.personal.training import personalise
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.ownership import owning
from bloodtwin_core.pipeline.upstream import current_checkpoint, windows_read


@owning
def personal_stage(
    store: ArtifactStore, settings: Settings, on_pump: Callable[[PersonalOutcome], None] = lambda _outcome: None
) -> PersonalIndex:
    """Fine-tune a copy for every pump of the store's windows; leave the accepted ones and their record.

    Raises ArtifactMissing or CheckpointMismatch if windows or checkpoint are not there, changed or were made with other
    settings, and what personalise raises.
    """
    windows, index = windows_read(store, settings)
    unified = current_checkpoint(store, settings.model, index)
    index_of_copies = personalise(windows, unified, settings.training, settings.personal, store.personal, on_pump)
    version = sha256_of(store.personal / INDEX)
    used = settings.used("data", "model", "training", "personal")
    store.record("personal_checkpoints", sorted(store.personal.iterdir()), version, used)
    return index_of_copies
