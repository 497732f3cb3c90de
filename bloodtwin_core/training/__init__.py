"""Training: from windows to the checkpoint with the lowest validation MAE.

fit.py is the way in, and is imported by its name: with Lightning, which takes seconds to import, and which most who
look at a training can do without. trainer.py holds Lightning's part, module.py the loss, batches.py what an epoch
draws, compute.py the device, checkpoint_folder.py what stands on disk, fitted.py what a training leaves, resuming.py
what makes a resumed training the same.
"""

from bloodtwin_core.training.checkpoint_folder import CheckpointFolder, EpochReport
from bloodtwin_core.training.compute import Compute, choose_compute
from bloodtwin_core.training.fitted import FittedModel

__all__ = ["CheckpointFolder", "Compute", "EpochReport", "FittedModel", "choose_compute"]
