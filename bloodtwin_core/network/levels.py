"""The quantiles that a forecast has: told apart from the network, for all who read forecasts without torch."""

QUANTILE_LEVELS = (0.05, 0.10, 0.25, 0.50, 0.75, 0.90, 0.95)
"""Shares of readings that should lie below each quantile."""
MEDIAN = QUANTILE_LEVELS.index(0.50)
"""Place of the median among them, which is the point forecast."""
