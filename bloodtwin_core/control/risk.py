"""How dangerous a glucose is: Kovatchev's scale, on which lows and highs count alike.

B. P. Kovatchev et al., "Symmetrization of the blood glucose measurement scale and its applications", Diabetes Care 20
(1997) 1655-1658.
"""

from typing import Any

import numpy as np
import numpy.typing as npt

Glucose = npt.NDArray[np.floating[Any]]
_SCALE, _POWER, _SHIFT = 1.509, 1.084, 5.381


def symmetrized(glucose: Glucose) -> Glucose:
    """f = 1.509 (ln(glucose)^1.084 - 5.381) of mg/dL above 1, any shape: 0 at 112.5, +-sqrt(10) at 600 and 20."""
    return _SCALE * (np.log(glucose) ** _POWER - _SHIFT)
