"""The picture of a forecast that the README shows, of a virtual wearer: `python -m benchmarks.pictures [FOLDER]`.

Light and dark are two files, because a page that shows a picture from elsewhere chooses between them itself.
"""

import sys
from datetime import timedelta, timezone
from pathlib import Path

from bloodtwin_core.display import ForecastView, Theme, picture, view_of
from bloodtwin_core.display.clock import WearerClock
from bloodtwin_core.pretrained import base_forecaster
from bloodtwin_core.records.glucose_units import GlucoseUnit
from bloodtwin_core.simulation import simulate_wearer
from bloodtwin_core.simulation.population import draw_wearer

FOLDER = Path(__file__).parents[1] / "docs" / "images"
SEED, WEARER, DAYS = 2024, 0, 3
ORIGIN_RECORD = 532
"""The record from which the forecast is made: glucose falls after a meal, and an hour later it was 85 mg/dL."""


def main(folder: Path) -> None:
    """Write both pictures."""
    folder.mkdir(parents=True, exist_ok=True)
    view = forecast_view()
    for theme in (Theme.light, Theme.dark):
        (folder / f"forecast_{theme}.svg").write_text(picture(view, theme), "utf-8")


def forecast_view(origin: int = ORIGIN_RECORD) -> ForecastView:
    """The base model's forecast for the virtual wearer, who lives by a clock of their own."""
    history = simulate_wearer(SEED, WEARER, DAYS)
    who = draw_wearer(SEED, WEARER)
    zone = timezone(timedelta(hours=who.utc_offset_hours))
    known = history.rows(0, origin + 1)
    forecast = base_forecaster(threads=1).forecast(known, zone=f"{who.utc_offset_hours:+03d}:00")
    return view_of(forecast, known, GlucoseUnit.mg_dl, WearerClock(zone), "The base model, a virtual wearer.")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else FOLDER)
