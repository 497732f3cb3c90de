"""From errors summed over blocks to rows of the long table."""

from collections.abc import Mapping
from dataclasses import dataclass, field

import numpy as np

from bloodtwin_core.evaluation.blocks import BlockErrors
from bloodtwin_core.evaluation.bootstrap import Resamples, intervals_of
from bloodtwin_core.evaluation.figures import Estimate, Interval, Steps, ratio
from bloodtwin_core.evaluation.forecasts import MODEL
from bloodtwin_core.evaluation.metrics import Numbers, Span, metric_named
from bloodtwin_core.evaluation.table import FigureName, FigureTable, Group, GroupName, Relation, Series


@dataclass
class TableMaker:
    """Collects groups, one after the other, and gives the table of them; all have these metrics and forecasters."""

    horizon: int
    forecasters: tuple[str, ...]
    metrics: tuple[str, ...]
    groups: dict[GroupName, Group] = field(default_factory=dict)
    series: dict[tuple[GroupName, FigureName], Series] = field(default_factory=dict)

    def add(self, name: GroupName, errors: BlockErrors, resamples: Resamples) -> None:
        """All figures of one group, from the errors of its blocks; the resamples are of the same blocks."""
        intervals = intervals_of(errors, resamples)
        targets = errors.targets.sum(axis=0)
        self.groups[name] = Group(int(errors.windows.sum()), targets.tolist(), intervals is not None)
        figures = _figures(errors)
        figures |= _skills(figures, errors.forecasters[1:])
        series = {figure: Series.without_intervals(value) for figure, value in figures.items()}
        _put_in(series, intervals or {}, self.horizon)
        self.series |= {(name, figure): each for figure, each in series.items()}

    @property
    def table(self) -> FigureTable:
        """The table of the groups so far."""
        return FigureTable(self.horizon, self.forecasters, self.metrics, self.groups, self.series)


def _figures(errors: BlockErrors) -> dict[FigureName, Steps]:
    """Every metric of every forecaster, AT each step and as MEAN up to it."""
    counts = errors.targets.sum(axis=0)
    sums = errors.sums.sum(axis=2)
    figures = {}
    for place, forecaster in enumerate(errors.forecasters):
        for metric, of_metric in zip(errors.metrics, sums[:, place], strict=True):
            figures[FigureName(forecaster, metric, Span.at)] = _of_means(metric, of_metric, counts)
            figures[FigureName(forecaster, metric, Span.mean)] = _of_means(metric, of_metric.cumsum(), counts.cumsum())
    return figures


def _of_means(metric: str, sums: Numbers, counts: np.ndarray[tuple[int, ...], np.dtype[np.int64]]) -> Steps:
    means = np.divide(sums, counts, out=np.zeros(len(sums)), where=counts > 0)
    values = metric_named(metric).of_mean(means)
    return [float(value) if count else None for value, count in zip(values, counts, strict=True)]


def _skills(figures: Mapping[FigureName, Steps], baselines: tuple[str, ...]) -> dict[FigureName, Steps]:
    """The model's sizes of error divided by those of each baseline."""
    return {
        FigureName(MODEL, metric, span, Relation.ratio, baseline): [
            ratio(*pair) for pair in zip(own, figures[FigureName(baseline, metric, span)], strict=True)
        ]
        for baseline in baselines
        for (forecaster, metric, span, *_), own in figures.items()
        if forecaster == MODEL and metric_named(metric).lower_is_better
    }


def _put_in(
    series: dict[FigureName, Series], intervals: Mapping[tuple[FigureName, int], Interval | None], horizon: int
) -> None:
    for (figure, step), interval in intervals.items():
        if interval is not None:
            if figure not in series:
                series[figure] = Series.without_intervals([None] * horizon)
            # The same figure, summed in another order, may differ in its last digit; its interval holds it still.
            known = series[figure].value[step - 1]
            value = interval.value if known is None else known
            series[figure].keep(step, Estimate(value, min(interval.low, value), max(interval.high, value)))
