"""Names for the arrays that go from room to room, so that a signature says shape and unit."""

import numpy as np
import numpy.typing as npt

Timestamps = npt.NDArray[np.datetime64]
"""UTC, datetime64[s], shape [record]."""
Values = npt.NDArray[np.float32]
"""Physical units, shape [record, feature], NaN where not known."""
Glucose = npt.NDArray[np.float32]
"""mg/dL, [window, step]."""
Rows = npt.NDArray[np.int64]
"""Places in a longer array, such as forecast origins in a series, [window]."""
Mask = npt.NDArray[np.bool_]
"""Which of them are meant, same shape as what they are chosen from."""
