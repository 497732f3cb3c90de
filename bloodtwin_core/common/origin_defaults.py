"""From what records a forecast may start unless a run says otherwise.

Apart from the settings, whose defaults they are, so that a forecaster need not load every setting to know them.
"""

MAX_GAP_HOURS = 15.0
"""A longer gap in glucose (h) ends a segment."""
MAX_READING_AGE_MINUTES = 15.0
"""Oldest last reading (min)."""
MIN_MEASURED_SHARE = 0.90
"""Smallest measured share of the lookback, 0 to 1."""
