"""Training: from windows to the checkpoint with the lowest validation MAE.

fit.py is the way in; trainer.py holds Lightning's part, module.py the loss, batches.py what an epoch draws, compute.py
the device, checkpoint_folder.py what stands on disk, resuming.py what makes a resumed training the same.
"""

from bloodtwin_core.training.checkpoint_folder import CheckpointFolder, EpochReport
from bloodtwin_core.training.compute import Compute, choose_compute
from bloodtwin_core.training.fit import FittedModel, fit

__all__ = ["CheckpointFolder", "Compute", "EpochReport", "FittedModel", "choose_compute", "fit"]
