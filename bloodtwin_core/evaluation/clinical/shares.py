"""How sure a share of few events is."""


def share_interval(part: int, whole: int) -> tuple[float, float] | None:
    """The 95 % interval of a share part / whole; None if the whole is 0.

    The score interval of Wilson, Journal of the American Statistical Association 22 (1927) 209, which Brown, Cai and
    DasGupta, Statistical Science 16 (2001) 101 recommend for small numbers. It takes events for independent.
    """
    if not whole:
        return None
    from scipy.stats import binomtest  # It takes a second to import.

    interval = binomtest(part, whole).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)
