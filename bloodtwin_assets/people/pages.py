"""The page of personal_model, one pump's."""

from typing import TYPE_CHECKING

import dagster as dg

from bloodtwin_assets.common.metadata import Metadata, numbers
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.records.glucose_units import GlucoseUnit

if TYPE_CHECKING:
    from bloodtwin_core.personal.storage import PersonalOutcome


def person_page(outcome: "PersonalOutcome", store: ArtifactStore, unit: GlucoseUnit) -> Metadata:
    """Whether the pump goes on with a copy of its own, and the errors before and after."""
    errors = {
        f"validate MAE before ({unit})": outcome.validate_before,
        f"validate MAE after ({unit})": outcome.validate_after,
        f"test MAE before ({unit})": outcome.test_before,
        f"test MAE after ({unit})": outcome.test_after,
    }
    return {
        "pump": outcome.pump_id,
        "kept": "a copy of its own" if outcome.accepted else "the model that it began with",
        "why": outcome.told(unit),
        **numbers({label: None if error is None else unit.of(error) for label, error in errors.items()}),
        "training windows": outcome.train_windows,
        "validation windows": outcome.validate_windows,
        "folder": dg.PathMetadataValue(store.folder.absolute()),
    }
