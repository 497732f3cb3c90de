"""What forecasts attend to, whether that says something true, and the section that shows both."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import torch

from bloodtwin_core.config import EvaluationSettings
from bloodtwin_core.errors import SettingsError
from bloodtwin_core.evaluation.attention import AttentionTruth, attention_truth
from bloodtwin_core.evaluation.inference import inference
from bloodtwin_core.evaluation.plots.attention import Weights, attended_window_figure, attention_by_age_figure
from bloodtwin_core.evaluation.report.parts import Cell, Picture, Section, Table, figure_cell
from bloodtwin_core.evaluation.report.words import share
from bloodtwin_core.model import GlucoseForecaster
from bloodtwin_core.records import RECORD_MINUTES, RECORDS_PER_HOUR, Feature, Split
from bloodtwin_core.windows import WindowedSeries, evenly_spread, in_batches

SHOWN_WINDOWS = 500
"""Test windows, evenly spread, over which attention is averaged."""
EXAMPLES = 2
WORDS = (
    "The network weighs what it kept of each past record when it forecasts. The pictures show these weights, averaged "
    "over test windows and in single ones. Weights look like an explanation but need not be one, so they are put to a "
    "test: readings are taken away, as a sensor gap would, and the forecasts made again."
)


@dataclass(frozen=True)
class AttendedWindow:
    """One test window: readings (mg/dL, NaN where not measured) and weights of its lookback, both [lookback]."""

    pump_id: str
    origin: np.datetime64
    readings: npt.NDArray[np.float32]
    weights: Weights


@dataclass(frozen=True)
class Attended:
    """Mean weights over test windows, [lookback], some single windows, and what the test of attention found.

    truth is a sentence instead where it could not be tested.
    """

    weights: Weights
    examples: tuple[AttendedWindow, ...]
    truth: AttentionTruth | str


def attended(
    forecaster: GlucoseForecaster, windows: WindowedSeries, settings: EvaluationSettings, device: torch.device | str
) -> Attended:
    """Look at and test the attention of a network. Raises SettingsError if it has none."""
    rows = evenly_spread(windows.origins[Split.test].rows, SHOWN_WINDOWS)
    found = []
    with inference(forecaster, device):
        for batch in in_batches(len(rows), settings.batch_size):
            lookbacks = torch.from_numpy(windows.lookbacks(rows[batch])).to(device)
            found.append(forecaster.attention(lookbacks).float().cpu().numpy())
    weights = np.concatenate(found)
    places = np.linspace(0, len(rows) - 1, EXAMPLES + 2).astype(np.int64)[1:-1]
    examples = tuple(_example(windows, int(rows[place]), weights[place]) for place in dict.fromkeys(places.tolist()))
    try:
        truth: AttentionTruth | str = attention_truth(forecaster, windows, settings, device)
    except SettingsError as error:
        truth = f"Whether attention says something true could not be tested: {error}"
    return Attended(weights.mean(axis=0, dtype=np.float64), examples, truth)


def attention_section(found: Attended) -> Section:
    """The verdict, then what is attended to."""
    truth = found.truth
    verdict = truth if isinstance(truth, str) else truth.verdict
    tables = [] if isinstance(truth, str) else [_table(truth)]
    pictures = [_by_age(found.weights), *(_window(place, each) for place, each in enumerate(found.examples))]
    return Section("attention", "What it attends to", [WORDS, verdict], tables, pictures)


def hours_that_hold(weights: Weights, part: float) -> float:
    """Hours before the forecast that hold this part (0 to 1) of the attention."""
    records = 1 + int(np.searchsorted(np.cumsum(weights[::-1]), part * weights.sum()))
    return records * RECORD_MINUTES / 60


def _example(windows: WindowedSeries, row: int, weights: Weights) -> AttendedWindow:
    chosen = np.arange(row - windows.lookback + 1, row + 1)
    readings = np.where(windows.measured[chosen], windows.series[chosen, Feature.bg.column], np.nan)
    pump = str(windows.pump_of(np.array([row]))[0])
    return AttendedWindow(pump, windows.timestamps[row], readings.astype(np.float32), weights)


def _table(truth: AttentionTruth) -> Table:
    rows = [
        [Cell("nothing"), figure_cell(truth.mae, 2)],
        [Cell(f"{truth.removed} readings at random"), figure_cell(truth.mae_without_random, 2)],
        [Cell(f"{truth.removed} that another window attends to"), figure_cell(truth.mae_without_those_of_another, 2)],
        [Cell(f"the {truth.removed} attended to most"), figure_cell(truth.mae_without_attended, 2)],
    ]
    caption = f"Mean error over all steps (mg/dL) when readings are taken away, on {truth.windows:,} complete windows"
    return Table(caption, ["Taken away", "MAE"], rows)


def _by_age(weights: Weights) -> Picture:
    half = hours_that_hold(weights, 0.5)
    last_hour = float(weights[-RECORDS_PER_HOUR:].sum() / weights.sum())
    return Picture(
        "attention-by-age",
        attention_by_age_figure("Attention by age", weights),
        f"Half of the attention lies on the last {half:.1f} hours.",
        f"Bars: share of the attention on each hour before the forecast. The last hour holds {share(last_hour)}, half "
        f"of all lies on the last {half:.1f} hours.",
    )


def _window(place: int, window: AttendedWindow) -> Picture:
    when = str(window.origin.astype("datetime64[m]")).replace("T", " ")
    title = f"Attention of one forecast: pump {window.pump_id}, {when}"
    most = (len(window.weights) - 1 - int(np.argmax(window.weights))) * RECORD_MINUTES
    return Picture(
        f"attention-{place}",
        attended_window_figure(title, window.readings, window.weights),
        "Readings before the forecast, and beneath them the weight of each.",
        f"{title}: readings of the lookback and their weights; the largest is {most} minutes before the forecast.",
        wide=True,
    )
