"""The service as one object: store, model, desk, and who listens."""

import time
from pathlib import Path

from bloodtwin_core.config import ServiceSettings
from bloodtwin_core.pretrained import base_forecaster
from bloodtwin_core.service.clock import Now
from bloodtwin_core.service.desk import Desk
from bloodtwin_core.service.engine import Engine
from bloodtwin_core.service.listeners import Listeners
from bloodtwin_core.service.store import Store
from bloodtwin_core.serving import Forecaster

ONNX = "model.onnx"


class Service:
    """Everything that requests and feeds share."""

    def __init__(self, settings: ServiceSettings, now: Now = time.time) -> None:
        """Raises StorageError if the store cannot be opened, ArtifactMissing if there is no model."""
        self.settings, self.now = settings, now
        self.store = Store(Path(settings.store), survives_power_cut=settings.survives_power_cut)
        self.engine = Engine(self.store, loaded(settings.model_path), now)
        self.listeners = Listeners()
        self.desk = Desk(self.engine, lambda wearer, outlook: self.listeners.tell(wearer.number, outlook))

    def start(self) -> None:
        """Begin what runs beside requests."""

    def close(self) -> None:
        """Finish what was taken, and let go of the store."""
        self.desk.close()
        self.store.close()


def loaded(model_path: str) -> Forecaster:
    """The forecaster of service.model_path. Raises ArtifactMissing."""
    if not model_path:
        return base_forecaster(threads=1)
    path = Path(model_path)
    return Forecaster.load(path / ONNX if path.is_dir() else path, threads=1)
