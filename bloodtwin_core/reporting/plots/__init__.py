"""Pictures of a training and of a test: figures by subject, as small PNGs or as SVG within a page."""

from bloodtwin_core.reporting.plots.days import forecasts_over_a_day
from bloodtwin_core.reporting.plots.errors import error_by_horizon
from bloodtwin_core.reporting.plots.training import learning_curve

__all__ = ["error_by_horizon", "forecasts_over_a_day", "learning_curve"]
