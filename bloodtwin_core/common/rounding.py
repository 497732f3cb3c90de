"""Numbers as text that stay on their own side of a limit: 0.996 is never said to be "1.00, which is below 1"."""

MOST_DECIMALS = 6
"""Beyond so many a number is said to be the limit."""


def decimals_apart(value: float, limit: float, decimals: int) -> int:
    """So many decimals, or as many more as it takes that the value does not read as a limit that it is not."""
    while value != limit and f"{value:.{decimals}f}" == f"{limit:.{decimals}f}" and decimals < MOST_DECIMALS:
        decimals += 1
    return decimals
