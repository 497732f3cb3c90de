"""Names for arrays whose element type is all that a signature has to say; records/arrays.py names those with a unit."""

import numpy as np
import numpy.typing as npt

Floats = npt.NDArray[np.float64]
"""Numbers; what they mean, their unit and their shape stand where they are used."""
Texts = npt.NDArray[np.str_]
"""Strings of numpy's own kind, all of one length in memory."""
