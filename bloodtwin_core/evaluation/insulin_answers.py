"""What came of asking a forecaster about other insulin (insulin_response.py), for whoever reads it without torch."""

from bloodtwin_core.evaluation.figures import Result
from bloodtwin_core.records.glucose_units import GlucoseUnit


class InsulinAnswer(Result):
    """What a change of insulin does to glucose so many minutes from now, mean over windows, in mg/dL."""

    change: str
    minutes: int
    forecaster: float
    pharmacology: float


class InsulinResponse(Result):
    """The answers, on so many windows. sensitivity: median of the windows', mg/dL per U, by the rule of 1700."""

    windows: int
    sensitivity: float
    answers: list[InsulinAnswer]

    @property
    def is_wrong(self) -> bool:
        """Whether the forecaster has more insulin raise glucose, or less lower it, anywhere."""
        return any(answer.forecaster * answer.pharmacology < 0.0 for answer in self.answers)

    @property
    def verdict(self) -> str:
        """What that means, in a sentence or two, in mg/dL."""
        return self.verdict_in(GlucoseUnit.mg_dl)

    def verdict_in(self, unit: GlucoseUnit) -> str:
        """The same in a unit."""
        rule = "This is no model of what insulin does: never ask it what a dose would do."
        if not self.is_wrong:
            return f"Its answers have the sign that pharmacology has, not the size. {rule}"
        worst = max(self.answers, key=lambda answer: answer.forecaster - answer.pharmacology)
        forecast = f"{unit.change(worst.forecaster)} {unit}"
        return (
            f"Asked about {worst.change}, it forecasts {forecast} in {worst.minutes} minutes; "
            f"pharmacology says {unit.change(worst.pharmacology)}. It has learnt that boluses come with meals. {rule}"
        )
