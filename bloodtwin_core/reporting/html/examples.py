"""Section with the best, the median and the worst day."""

from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.reporting.html.days import JudgedDay, telling_days
from bloodtwin_core.reporting.html.material import Material
from bloodtwin_core.reporting.html.parts import Picture, Section
from bloodtwin_core.reporting.plots.days import day_figure

WORDS = (
    "Among the days of single pumps with forecasts from at least three quarters of the day: the one with the smallest "
    "mean error over all steps, the one in the middle, and the one with the largest. Lines show what had been forecast "
    "for each moment; where they come after the dots, the forecast came late."
)


def days_section(material: Material) -> Section:
    """Three days to look at; the words say what they are."""
    days = telling_days(material.forecasts, material.windows)
    return Section(
        "days", "Its best, median and worst day", [WORDS], pictures=[_picture(day, material.unit) for day in days]
    )


def _picture(judged: JudgedDay, unit: GlucoseUnit) -> Picture:
    day, error = judged.day, f"{unit.text(judged.mae, 1)} {unit}"
    title = f"The {judged.rank} day: pump {day.pump_id}, {day.day}"
    return Picture(
        f"day-{judged.rank}",
        day_figure(day, title, unit),
        f"Mean error {error} over all forecasts made on that day.",
        f"{title}: readings, and what was forecast for each moment; mean error {error}.",
        wide=True,
    )
