"""Rows of CareLink's older layout, each of which says what it is in Raw-Type and what it holds in Raw-Values.

Raw-Values are `NAME=value, NAME=value`, numbers with a decimal point whatever the account's language; a comma between
digits is a decimal one, since a blank follows those between values.
"""

import re
from dataclasses import dataclass

import numpy as np

from bloodtwin_core.common.arrays import Floats
from bloodtwin_core.sources.device_exports.cells import Cells, CellTexts

TYPE, VALUES = "Raw-Type", "Raw-Values"
_PAIR = re.compile(r"([A-Z0-9_]+)=([^,]*(?:(?<=[0-9]),[0-9]+)?)")
_NUMBER = re.compile(r"[0-9]{1,9}(?:[.,][0-9]{1,9})?")


@dataclass(frozen=True)
class RawRows:
    """Rows of one or more types, and for each the names and texts of its Raw-Values."""

    cells: Cells
    values: tuple[dict[str, str], ...]

    @classmethod
    def of(cls, cells: Cells) -> "RawRows":
        """The rows of a table."""
        return cls(cells, tuple(dict(_PAIR.findall(text)) for text in cells.texts(VALUES)))

    def texts(self, name: str) -> CellTexts:
        """The value of this name as lower-case text [row]; DataError, with the line, where a row has none."""
        texts = [values.get(name, "").strip().lower() for values in self.values]
        if "" in texts:
            todo = "Export the file again, and leave it as it comes"
            raise self.cells.fault(texts.index(""), VALUES, f"the row does not say its {name}", todo)
        return np.array(texts, dtype=object)

    def numbers(self, name: str) -> Floats:
        """The value of this name as a number [row]; DataError, with the line, where it is none or is missing."""
        texts = self.texts(name)
        for row, text in enumerate(texts):
            if not _NUMBER.fullmatch(text):
                what = f"{name} is '{text}', which is not a number"
                raise self.cells.fault(row, VALUES, what, "Write the number as the vendor exported it")
        return np.array([float(text.replace(",", ".")) for text in texts])
