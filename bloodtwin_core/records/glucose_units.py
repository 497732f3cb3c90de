"""The two units of glucose. Records are in mg/dL; mmol/L is for files that come so and for people who read so."""

from enum import StrEnum

MG_PER_DL_PER_MMOL_PER_L = 18.0156
"""A tenth of the molar mass of glucose, C6H12O6, 180.156 g/mol (IUPAC standard atomic weights)."""


class GlucoseUnit(StrEnum):
    """The two units in which glucose is given."""

    mg_dl = "mg/dL"
    mmol_l = "mmol/L"

    @property
    def in_mg_per_dl(self) -> float:
        """mg/dL in one of this unit."""
        return 1.0 if self is GlucoseUnit.mg_dl else MG_PER_DL_PER_MMOL_PER_L

    @property
    def decimals(self) -> int:
        """Decimals with which people write a glucose in this unit."""
        return 0 if self is GlucoseUnit.mg_dl else 1

    def of(self, glucose: float) -> float:
        """A glucose of mg/dL in this unit."""
        return glucose / self.in_mg_per_dl

    def places(self, decimals: int) -> int:
        """Decimals that say as much in this unit as so many in mg/dL."""
        return decimals + self.decimals

    def text(self, glucose: float, decimals: int = 0) -> str:
        """A glucose, or an error, of mg/dL as people write it in this unit, without the unit.

        decimals are those of mg/dL; places says how many are written.
        """
        return f"{self.of(glucose):.{self.places(decimals)}f}"

    def change(self, glucose: float, decimals: int = 0) -> str:
        """A change or a difference in mg/dL as text, with its sign."""
        return f"{self.of(glucose):+.{self.places(decimals)}f}"

    def limit(self, error: float) -> str:
        """A limit that was set for an error in mg/dL: as it was set, or to three decimals in mmol/L."""
        return f"{error:g}" if self is GlucoseUnit.mg_dl else self.text(error, 2)
