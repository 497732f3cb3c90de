"""Forecasts from whole lookbacks of records, each by itself."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.records import Clock, PumpRecords, Values
from bloodtwin_core.records.past import NOTHING_SEEN, WearerPast
from bloodtwin_core.serving.facts import ExportedForecast, ExportFacts, Predict, with_clock
from bloodtwin_core.serving.forecast import Forecast, forecast_of
from bloodtwin_core.serving.intake import taken
from bloodtwin_core.serving.lookback import lookback_of, past_of_lookback
from bloodtwin_core.serving.onnx_files import WindowNetwork, load_onnx
from bloodtwin_core.serving.published import model_in

WINDOWED = "model.onnx"
"""The export that takes whole lookbacks, in the folder of a model."""


@dataclass(frozen=True)
class Forecaster:
    """An export and the facts inside it."""

    predict: Predict
    facts: ExportFacts

    @classmethod
    def load(cls, path: Path, threads: int = 0, clock: Clock | None = None) -> "Forecaster":
        """Load model.onnx (with so many threads, 0: onnxruntime chooses) or model.ts.

        Of a folder its model.onnx is loaded; of artifacts/{name}/published that of the version in use.
        clock says which clock the model learnt from, for a file that is too old to say it itself.
        Raises ArtifactMissing if it is not there, damaged, or not the file that model.json beside it lists,
        SettingsError if the file says another clock.
        """
        path = model_in(path, WINDOWED)
        if path.suffix == ".ts":
            # torch takes seconds to import, and only this format needs it.
            from bloodtwin_core.serving.torchscript import load_torchscript

            predict, facts = load_torchscript(path)
        else:
            predict, facts = load_onnx(path, threads)
        return cls(predict, with_clock(facts, clock))

    def forecast(self, records: PumpRecords, zone: str = "") -> Forecast:
        """What follows the last record; at least a lookback of records since glucose was first measured is needed.

        The more records there are, the more is known: a reading or basal rate from before the lookback is carried into
        it, as it is where windows are cut for training and tests. Where the past is read, all of them tell of it, from
        a week on. zone says where the wearer lives, if the records do not. Of a feature that the records do not have
        nothing is known; one that the export does not take is left out.
        Raises DataError for records that make no sense, are too few, leave the five-minute grid, end with a reading
        that is too old, hold too few readings, or cannot tell the time of day that the model learnt from.
        """
        recent, window = self._window(records, zone)
        return forecast_of(recent, self._answer(window[None]), self.facts)

    def forecast_many(
        self, many: Sequence[PumpRecords], before: Sequence[WearerPast] = ()
    ) -> list[Forecast | DataError]:
        """What follows each of the records, in one run of the network; of those that are refused the error, in place.

        before: what was seen of each wearer up to some record before the lookback, if not all of it is in the records.
        As forecast says; what the network gives for one does not depend on the others but for rounding (1e-4 mg/dL).
        """
        answers: list[Forecast | DataError | None] = [None] * len(many)
        asked: list[tuple[int, PumpRecords, Values]] = []
        for place, records in enumerate(many):
            try:
                seen = before[place] if before else NOTHING_SEEN
                asked.append((place, *self._window(records, before=seen)))
            except DataError as refusal:
                answers[place] = refusal
        if asked:
            answer = self._answer(np.stack([window for _, _, window in asked]))
            for row, (place, recent, _) in enumerate(asked):
                answers[place] = forecast_of(recent, answer, self.facts, row)
        return [answer for answer in answers if answer is not None]

    def _window(
        self, records: PumpRecords, zone: str = "", before: WearerPast = NOTHING_SEEN
    ) -> tuple[PumpRecords, Values]:
        records = taken(records.with_features(self.facts.features), zone)
        recent, window = lookback_of(records, self.facts)
        if self.facts.wearer_past:
            window = np.concatenate([window, past_of_lookback(records, self.facts, before)], axis=1)
        return recent, window

    def _answer(self, window: Values) -> ExportedForecast:
        if isinstance(self.predict, WindowNetwork):
            return self.predict.forecast(window)
        return ExportedForecast(self.predict(window))
