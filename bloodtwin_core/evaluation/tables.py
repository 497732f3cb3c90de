"""Test results as Markdown tables, for documents and terminals."""

from collections.abc import Iterator

from bloodtwin_core.evaluation.comparison import Comparison, Metrics
from bloodtwin_core.evaluation.results import TestResults

ROWS = {
    "MAE AT 30 min": "test_mae_at_30min",
    "MAE AT 60 min": "test_mae_at_60min",
    "MAE MEAN 30 min": "test_mae_30min",
    "MAE MEAN 60 min": "test_mae_60min",
    "RMSE AT 30 min": "test_rmse_at_30min",
    "RMSE AT 60 min": "test_rmse_at_60min",
    "RMSE MEAN 30 min": "test_rmse_30min",
    "RMSE MEAN 60 min": "test_rmse_60min",
}


def results_table(results: TestResults) -> str:
    """Both window sets, pooled: errors in mg/dL of the three forecasters, and the skill."""
    sets = (("complete", results.complete.pooled), ("available", results.available.pooled))
    return "\n\n".join(f"On {found.windows:,} {name} test windows:\n\n{_table(found)}" for name, found in sets)


def _table(found: Comparison) -> str:
    head = ["| mg/dL | bloodTwin | persistence | ridge | skill |", "|---|---|---|---|---|"]
    return "\n".join([*head, *_rows(found)])


def _rows(found: Comparison) -> Iterator[str]:
    for label, name in ROWS.items():
        errors = [_shown(metrics, name, 2) for metrics in (found.model, found.persistence, found.ridge)]
        yield f"| {label} | {' | '.join(errors)} | {_shown(found.skill, name, 3)} |"


def _shown(metrics: Metrics, name: str, decimals: int) -> str:
    value: float | None = getattr(metrics, name)
    return "not measured" if value is None else f"{value:.{decimals}f}"
