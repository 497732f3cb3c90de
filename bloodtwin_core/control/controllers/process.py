"""A controller of your own: any process that reads a state as one line of JSON and answers with a decision as one line.

A line in, every five minutes of one pump (a fresh process for each life):

    {"time": "2024-01-02T00:00:00Z", "utc_offset_hours": 1, "glucose": [..., 141.0, null], "basal_rate": [...],
     "bolus": [...], "insulin_on_board": 0.4, "bolus_age": 85.0, "reading_age": 5.0,
     "therapy": {"basal_rate": 0.8, "correction_factor": 45.0, "carbohydrate_ratio": 9.0},
     "forecast": {"minutes": [5, ..., 60], "glucose": [143.2, ...], "levels": [0.05, ...],
                  "quantiles": [[131.0, ...], ...]}}

in mg/dL, U/h, U and minutes, the last HISTORY_RECORDS records with the newest last, null where nothing was read. The
forecast's quantiles are [step][level]; it is null where there can be none, as on the first day. It is no model of what
insulin does. A line out: {"basal_rate": 0.6, "bolus": 0}; whatever else it holds is passed over. oref0.js beside this
file is one.
"""

import json
import subprocess
import weakref
from collections.abc import Sequence
from importlib.resources import as_file, files
from math import isfinite
from pathlib import Path
from queue import Empty, SimpleQueue
from threading import Thread
from typing import IO, Any

import numpy as np

from bloodtwin_core.common.errors import DataError, SettingsError, shortened
from bloodtwin_core.control.controller import Decision, PumpState
from bloodtwin_core.records import RECORD_MINUTES
from bloodtwin_core.serving.forecast import Forecast

HISTORY_RECORDS = 96
"""Eight hours: longer than insulin acts."""
ANSWER_SECONDS = 30.0


class ProcessController:
    """The process, started with the first question and ended with this object; told the forecast if asked for."""

    def __init__(self, command: Sequence[str], *, wants_forecast: bool = True) -> None:
        self.command, self._wants_forecast = list(command), wants_forecast
        self._process: subprocess.Popen[str] | None = None
        self._answers: SimpleQueue[str] = SimpleQueue()
        self.last_answer: dict[str, Any] = {}

    @property
    def wants_forecast(self) -> bool:
        """Whether the process is told the forecast."""
        return self._wants_forecast

    def decide(self, now: PumpState) -> Decision:
        """What the process answers.

        Raises SettingsError if it cannot be started, and DataError if it ends, is silent for ANSWER_SECONDS, or answers
        with something else than a decision.
        """
        if self._process is None:
            self._start()
        answer = self._asked(json.dumps(told(now)))
        try:
            self.last_answer = json.loads(answer)
            decision = Decision(float(self.last_answer["basal_rate"]), float(self.last_answer.get("bolus", 0.0)))
        except (ValueError, TypeError, KeyError, AttributeError) as error:
            raise self._failed(f"answered '{shortened(answer.strip())}'") from error
        if (
            not (isfinite(decision.basal_rate) and isfinite(decision.bolus))
            or min(decision.basal_rate, decision.bolus) < 0
        ):
            raise self._failed(f"answered '{shortened(answer.strip())}'")
        return decision

    def _start(self) -> None:
        try:
            process = subprocess.Popen(
                self.command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, bufsize=1
            )
        except OSError as error:
            raise SettingsError(
                f"the controller '{' '.join(self.command)}' cannot be started: {error.strerror}. Check the command"
            ) from error
        self._process = process
        weakref.finalize(self, _end, process)
        assert process.stdout is not None
        Thread(target=_read, args=(process.stdout, self._answers), daemon=True).start()

    def _asked(self, line: str) -> str:
        assert self._process is not None
        assert self._process.stdin is not None
        try:
            self._process.stdin.write(f"{line}\n")
            self._process.stdin.flush()
            answer = self._answers.get(timeout=ANSWER_SECONDS)
        except Empty:
            raise self._failed(f"said nothing for {ANSWER_SECONDS:g} seconds") from None
        except BrokenPipeError:
            answer = ""
        if not answer:
            raise self._failed("ended")
        return answer

    def _failed(self, what: str) -> DataError:
        todo = 'Have it answer each line with one line such as {"basal_rate": 0.8, "bolus": 0}'
        return DataError(f"the controller '{' '.join(self.command)}' {what}", todo=todo)


def told(now: PumpState) -> dict[str, Any]:
    """The state as the line tells it."""
    recent = slice(-HISTORY_RECORDS, None)
    return {
        "time": f"{now.time}Z",
        "utc_offset_hours": now.utc_offset_hours,
        "glucose": [value if value == value else None for value in now.glucose[recent].tolist()],
        "basal_rate": now.basal_rate[recent].tolist(),
        "bolus": now.bolus[recent].tolist(),
        "insulin_on_board": now.insulin_on_board,
        "bolus_age": now.bolus_age,
        "reading_age": now.reading_age,
        "therapy": {
            "basal_rate": now.therapy.basal_rate,
            "correction_factor": now.therapy.correction_factor,
            "carbohydrate_ratio": now.therapy.carbohydrate_ratio,
        },
        "forecast": None if now.forecast is None else _forecast_told(now.forecast),
    }


def _forecast_told(forecast: Forecast) -> dict[str, Any]:
    quantiles = None if forecast.quantiles is None else np.round(forecast.quantiles.astype(np.float64), 1).tolist()
    return {
        "minutes": [RECORD_MINUTES * (step + 1) for step in range(len(forecast.glucose))],
        "glucose": np.round(forecast.glucose.astype(np.float64), 1).tolist(),
        "levels": list(forecast.levels),
        "quantiles": quantiles,
    }


def oref0() -> ProcessController:
    """oref0's determine-basal, by node; NODE_PATH names the node_modules that holds oref0 0.7.1."""
    with as_file(files("bloodtwin_core.control.controllers") / "oref0.js") as script:
        return ProcessController(["node", str(Path(script))], wants_forecast=False)


def _read(stream: IO[str], answers: "SimpleQueue[str]") -> None:
    """Pass on line by line, and an empty one at the end."""
    for line in stream:
        answers.put(line)
    answers.put("")


def _end(process: "subprocess.Popen[str]") -> None:
    process.kill()
    process.wait()
