"""All lives of a trial, in parallel processes: one task is a few wearers in one scenario under one controller."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from bloodtwin_core.common.progress import Progress, Step, silent
from bloodtwin_core.control.controllers import OwnController, controller_kind
from bloodtwin_core.control.steering import steer_together
from bloodtwin_core.control.trial.measures import LifeSignals, measured
from bloodtwin_core.control.trial.result import Arm, TrialResult
from bloodtwin_core.control.trial.scenarios import SCENARIOS, scenario
from bloodtwin_core.pretrained.files import ONNX_STREAMING, shipped_file
from bloodtwin_core.records import RECORDS_PER_DAY
from bloodtwin_core.serving.streaming import StreamingForecaster
from bloodtwin_core.serving.streaming_network import StreamingNetwork
from bloodtwin_core.simulation.history import RUN_IN_DAYS, drawn_lot
from bloodtwin_core.simulation.steered import SteeredLife

DEFAULT_CONTROLLERS = ("profile", "control-iq", "basal-iq", "quantile", "predictive")
"""Those that need nothing to be installed."""
LIVES_TOGETHER = 5
"""Lives that one task lives side by side, so that the network answers all at once. Of 1 to 32 the fastest for the base
model: the processor's cache holds the states of so many."""


@dataclass(frozen=True)
class TrialPlan:
    """What to try. forecaster: a streaming export (model_streaming.onnx), None for the base model's.

    own: controllers of the user's own, by name. processes: how many work side by side.
    """

    seed: int = 1
    wearers: int = 20
    days: int = 14
    controllers: tuple[str, ...] = DEFAULT_CONTROLLERS
    scenarios: tuple[str, ...] = ("everyday",)
    forecaster: Path | None = None
    processes: int = 1
    own: Mapping[str, OwnController] = field(default_factory=dict)

    @property
    def tasks(self) -> list["Task"]:
        """Every life, those of one arm one after the other."""
        return [
            Task(
                seed=self.seed,
                wearers=tuple(range(first, min(first + LIVES_TOGETHER, self.wearers))),
                days=self.days,
                controller=controller,
                scenario=name,
                forecaster=self.forecaster,
                own=self.own,
            )
            for name in self.scenarios
            for controller in self.controllers
            for first in range(0, self.wearers, LIVES_TOGETHER)
        ]


@dataclass(frozen=True)
class Task:
    """A few lives in one scenario under one kind of controller."""

    seed: int
    wearers: tuple[int, ...]
    days: int
    controller: str
    scenario: str
    forecaster: Path | None
    own: Mapping[str, OwnController] = field(default_factory=dict)


def run_trial(plan: TrialPlan, progress: Progress = silent) -> TrialResult:
    """Live every life of the plan.

    Raises SettingsError for an unknown controller or scenario and ArtifactMissing for a forecaster that is not there,
    before anything is lived. The same plan gives the same figures, in however many processes.
    """
    for name in plan.scenarios:
        scenario(name)
    asked = [name for name in plan.controllers if controller_kind(name, plan.own).fresh().wants_forecast]
    version = forecaster_network(plan.forecaster).facts.model_version if asked else ""
    outcomes = list(_told(plan, progress))
    pairs = [(controller, name) for name in plan.scenarios for controller in plan.controllers]
    tasks_of_arm = len(outcomes) // len(pairs)
    arms = []
    for place, (controller, name) in enumerate(pairs):
        of_arm = outcomes[place * tasks_of_arm : (place + 1) * tasks_of_arm]
        lives = [figures for outcome in of_arm for figures in outcome.figures]
        measures = {measure: [figures[measure] for figures in lives] for measure in lives[0]}
        seconds = sum(outcome.seconds for outcome in of_arm)
        arms.append(Arm(controller=controller, scenario=name, measures=measures, seconds=seconds))
    return TrialResult(
        seed=plan.seed,
        wearers=plan.wearers,
        days=plan.days,
        controllers=list(plan.controllers),
        scenarios=list(plan.scenarios),
        model=version,
        arms=arms,
    )


def live_task(task: Task) -> list[SteeredLife]:
    """The lives of a task, in the order of its wearers."""
    kind, changes = controller_kind(task.controller, task.own), SCENARIOS[task.scenario]
    lots = [changes.change(drawn_lot(task.seed, who, task.days), task.seed, who) for who in task.wearers]
    controllers = [kind.fresh() for _ in lots]
    network = forecaster_network(task.forecaster) if controllers[0].wants_forecast else None
    return steer_together(lots, controllers, network, changes.clock_hours)


@cache
def forecaster_network(path: Path | None) -> StreamingNetwork:
    """The streaming forecaster of this file, loaded once a process. Raises ArtifactMissing."""
    return StreamingForecaster.load(shipped_file(ONNX_STREAMING) if path is None else path, threads=1).network


@dataclass(frozen=True)
class _Outcome:
    """The measures of each life after its run-in, and the seconds of processor time that all took."""

    figures: list[dict[str, float]]
    seconds: float


def _outcome(task: Task) -> _Outcome:
    begun = time.process_time()
    figures = [_figures(life) for life in live_task(task)]
    return _Outcome(figures, time.process_time() - begun)


def _figures(life: SteeredLife) -> dict[str, float]:
    lived, kept = life.lived, slice(RUN_IN_DAYS * RECORDS_PER_DAY, None)
    return measured(LifeSignals(lived.blood[kept], lived.basal_rate[kept], lived.bolus[kept]))


def _told(plan: TrialPlan, progress: Progress) -> Iterator[_Outcome]:
    tasks, lived = plan.tasks, 0
    for task, outcome in zip(tasks, _outcomes(tasks, plan.processes), strict=True):
        yield outcome
        lived += len(task.wearers)
        progress(Step(lived, sum(len(each.wearers) for each in tasks), f"{task.controller}, {task.scenario}"))


def _outcomes(tasks: list[Task], processes: int) -> Iterator[_Outcome]:
    if processes == 1:
        yield from map(_outcome, tasks)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        yield from pool.map(_outcome, tasks)
