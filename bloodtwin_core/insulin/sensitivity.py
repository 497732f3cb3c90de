"""How much a unit of insulin takes off a person's glucose: said by the person, or guessed from the insulin of a day."""

from dataclasses import dataclass
from typing import Self

import numpy as np

from bloodtwin_core.common.errors import DataError, SettingsError
from bloodtwin_core.records import MINUTES_PER_DAY, RECORD_MINUTES, RECORDS_PER_DAY, Feature, PumpRecords

CORRECTION_RULE = 1700.0
"""mg/dL per U times U a day: P. C. Davidson et al., "Analysis of guidelines for basal-bolus insulin dosing: basal
insulin, correction factor, and carbohydrate-to-insulin ratio", Endocrine Practice 14 (2008) 1095-1101."""
RULE_SPREAD = 0.35
"""Log-SD of what a unit really takes off about what the rule says (chosen: people differ by a third from hour to hour,
docs/simulator.md)."""
SAID_SPREAD = 0.25
"""Log-SD about what somebody knows of themselves (chosen: sensitivity varies so much from hour to hour)."""
LEAST_DAYS = 1.0
"""Of known insulin that a guess needs."""
_LOWEST, _HIGHEST = 1.0, 600.0
"""mg/dL per U: from the most insulin resistant adults to small children."""


@dataclass(frozen=True)
class Sensitivity:
    """mg/dL that one unit takes off in six hours, and how sure that is (SD of its natural logarithm)."""

    per_unit: float
    spread: float = SAID_SPREAD

    def __post_init__(self) -> None:
        """Raise SettingsError for what no person has."""
        if not _LOWEST <= self.per_unit <= _HIGHEST or not 0.0 <= self.spread <= 2.0:
            raise SettingsError(
                f"a sensitivity of {self.per_unit:g} mg/dL per U (spread {self.spread:g}) cannot be. Give what one "
                f"unit takes off, {_LOWEST:g} to {_HIGHEST:g} mg/dL per U"
            )

    @classmethod
    def guessed(cls, records: PumpRecords) -> Self:
        """By the rule of 1700 from the known insulin of these records, 14 days of them or what there is.

        Raises DataError if less than a day of insulin is known, or none was given.
        """
        recent = records.values[-14 * RECORDS_PER_DAY :]
        basal, bolus = recent[:, Feature.basal_rate.column], recent[:, Feature.bolus_dose.column]
        known = ~(np.isnan(basal) | np.isnan(bolus))
        days = float(known.sum()) / RECORDS_PER_DAY
        units = float((basal[known] * RECORD_MINUTES / 60.0 + bolus[known]).sum(dtype=np.float64))
        if days < LEAST_DAYS or units <= 0.0:
            raise DataError(
                f"pump {records.pump_id}: insulin is known for {days * MINUTES_PER_DAY / 60:.0f} hours ({units:g} U), "
                "too little to guess what a unit does",
                todo="Say it: Sensitivity(mg/dL that one unit takes off)",
            )
        return cls(float(np.clip(CORRECTION_RULE * days / units, _LOWEST, _HIGHEST)), RULE_SPREAD)
