"""What was fetched and could not be understood, counted by what it was called, with its units of insulin."""

import numpy as np
import pandas as pd

from bloodtwin_core.events.repairs import RepairKind, Repairs


def not_understood(rows: pd.DataFrame) -> Repairs:
    """rows: those that could not be understood; detail is what each was called, value the U that it speaks of."""
    repairs = Repairs()
    for name, same in rows.groupby("detail", sort=True):
        repairs += Repairs.of(RepairKind.unreadable_rows, len(same), str(name))
        units = float(np.nan_to_num(same["value"].to_numpy(dtype=np.float64)).sum())
        repairs += Repairs.of(RepairKind.unreadable_units, round(units, 6), str(name))
    return repairs
