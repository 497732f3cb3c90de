"""How sure a share of few events is."""

import math
from statistics import NormalDist

_NORMAL_QUANTILE = NormalDist().inv_cdf(0.975)


def share_interval(part: int, whole: int) -> tuple[float, float] | None:
    """The 95 % interval of a share part / whole; None if the whole is 0.

    The score interval of Wilson, Journal of the American Statistical Association 22 (1927) 209, which Brown, Cai and
    DasGupta, Statistical Science 16 (2001) 101 recommend for small numbers. It takes events for independent. Written
    out, since scipy.stats takes a second to import and this is all that is wanted of it.
    """
    if not whole:
        return None
    squared = _NORMAL_QUANTILE**2
    middle = (part + squared / 2) / (whole + squared)
    half = _NORMAL_QUANTILE * math.sqrt(part * (whole - part) / whole + squared / 4) / (whole + squared)
    return max(middle - half, 0.0), min(middle + half, 1.0)
