"""Five-minute records: what a record is, its files, how a history is split and filled, and whether it makes sense.

What a record is can be imported from here. split_files.py reads and writes the files, splitting.py cuts a history in
time, segments.py where it breaks, filling.py carries forward, clock.py tells the time of day, summary.py the usual
figures, checks/ finds what makes no sense.
"""

from bloodtwin_core.records.arrays import Glucose, Mask, Rows, Timestamps, Values
from bloodtwin_core.records.cadence import (
    MINUTES_PER_DAY,
    RECORD_INTERVAL,
    RECORD_MINUTES,
    RECORDS_PER_DAY,
    RECORDS_PER_HOUR,
    time_of_day,
)
from bloodtwin_core.records.clock import (
    UNKNOWN_ZONE,
    WALL_TIME,
    Clock,
    clock_learnt,
    local_datetimes,
    times_shown,
    with_time_of_day,
)
from bloodtwin_core.records.features import (
    BASAL_LIMITS,
    BOLUS_LIMITS,
    CARBOHYDRATES,
    CARRIED_BASAL_RECORDS,
    FEATURE_LIMITS,
    FEATURE_TABLE,
    FEATURE_UNITS,
    FEATURES,
    GLUCOSE_LIMITS,
    CarriedForward,
    Feature,
    FeatureRow,
    Limits,
    extra_features,
    features_with,
    known_features,
    units_of,
)
from bloodtwin_core.records.glucose_ranges import (
    GLUCOSE_RANGES,
    LOWEST_MEDIAN,
    TARGET_RANGE,
    VERY_HIGH,
    VERY_LOW,
    GlucoseRange,
    glucose_range_of,
)
from bloodtwin_core.records.origin_rules import OriginRules
from bloodtwin_core.records.pump_records import PumpHistory, PumpRecords, Split, records_from_signals

__all__ = [
    "BASAL_LIMITS",
    "BOLUS_LIMITS",
    "CARBOHYDRATES",
    "CARRIED_BASAL_RECORDS",
    "FEATURES",
    "FEATURE_LIMITS",
    "FEATURE_TABLE",
    "FEATURE_UNITS",
    "GLUCOSE_LIMITS",
    "GLUCOSE_RANGES",
    "LOWEST_MEDIAN",
    "MINUTES_PER_DAY",
    "RECORDS_PER_DAY",
    "RECORDS_PER_HOUR",
    "RECORD_INTERVAL",
    "RECORD_MINUTES",
    "TARGET_RANGE",
    "UNKNOWN_ZONE",
    "VERY_HIGH",
    "VERY_LOW",
    "WALL_TIME",
    "CarriedForward",
    "Clock",
    "Feature",
    "FeatureRow",
    "Glucose",
    "GlucoseRange",
    "Limits",
    "Mask",
    "OriginRules",
    "PumpHistory",
    "PumpRecords",
    "Rows",
    "Split",
    "Timestamps",
    "Values",
    "clock_learnt",
    "extra_features",
    "features_with",
    "glucose_range_of",
    "known_features",
    "local_datetimes",
    "records_from_signals",
    "time_of_day",
    "times_shown",
    "units_of",
    "with_time_of_day",
]
