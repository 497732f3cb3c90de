"""All lives of a trial, in parallel processes: one task is one wearer in one scenario under one controller."""

import time
from collections.abc import Iterator, Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import cache
from multiprocessing import get_context
from pathlib import Path

from bloodtwin_core.common.progress import Progress, Step, silent
from bloodtwin_core.control.controllers import controller_kind
from bloodtwin_core.control.steering import steer
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


@dataclass(frozen=True)
class TrialPlan:
    """What to try. forecaster: a streaming export (model_streaming.onnx), None for the base model's.

    commands: controllers of the user's own, by name (controllers/process.py). processes: how many work side by side.
    """

    seed: int = 1
    wearers: int = 20
    days: int = 14
    controllers: tuple[str, ...] = DEFAULT_CONTROLLERS
    scenarios: tuple[str, ...] = ("everyday",)
    forecaster: Path | None = None
    processes: int = 1
    commands: Mapping[str, str] = field(default_factory=dict)

    @property
    def tasks(self) -> list["Task"]:
        """Every life, those of one arm together."""
        return [
            Task(self.seed, wearer, self.days, controller, name, self.forecaster, self.commands)
            for name in self.scenarios
            for controller in self.controllers
            for wearer in range(self.wearers)
        ]


@dataclass(frozen=True)
class Task:
    """One life."""

    seed: int
    wearer: int
    days: int
    controller: str
    scenario: str
    forecaster: Path | None
    commands: Mapping[str, str] = field(default_factory=dict)


def run_trial(plan: TrialPlan, progress: Progress = silent) -> TrialResult:
    """Live every life of the plan.

    Raises SettingsError for an unknown controller or scenario and ArtifactMissing for a forecaster that is not there,
    before anything is lived. The same plan gives the same figures, in however many processes.
    """
    for name in plan.scenarios:
        scenario(name)
    asked = [name for name in plan.controllers if controller_kind(name, plan.commands).fresh().wants_forecast]
    version = forecaster_network(plan.forecaster).facts.model_version if asked else ""
    outcomes = list(_told(plan, progress))
    arms = []
    for start in range(0, len(outcomes), plan.wearers):
        task, of_arm = plan.tasks[start], outcomes[start : start + plan.wearers]
        measures = {name: [outcome[0][name] for outcome in of_arm] for name in of_arm[0][0]}
        seconds = sum(outcome[1] for outcome in of_arm)
        arms.append(Arm(controller=task.controller, scenario=task.scenario, measures=measures, seconds=seconds))
    return TrialResult(
        seed=plan.seed,
        wearers=plan.wearers,
        days=plan.days,
        controllers=list(plan.controllers),
        scenarios=list(plan.scenarios),
        model=version,
        arms=arms,
    )


def live_task(task: Task) -> SteeredLife:
    """The life of a task."""
    kind, changes = controller_kind(task.controller, task.commands), SCENARIOS[task.scenario]
    lot = changes.change(drawn_lot(task.seed, task.wearer, task.days), task.seed, task.wearer)
    controller = kind.fresh()
    network = forecaster_network(task.forecaster) if controller.wants_forecast else None
    return steer(lot, controller, network, changes.clock_hours)


@cache
def forecaster_network(path: Path | None) -> StreamingNetwork:
    """The streaming forecaster of this file, loaded once a process. Raises ArtifactMissing."""
    return StreamingForecaster.load(shipped_file(ONNX_STREAMING) if path is None else path, threads=1).network


def _outcome(task: Task) -> tuple[dict[str, float], float]:
    """The measures of a life after its run-in, and the seconds of processor time it took."""
    begun = time.process_time()
    lived, kept = live_task(task).lived, slice(RUN_IN_DAYS * RECORDS_PER_DAY, None)
    figures = measured(LifeSignals(lived.blood[kept], lived.basal_rate[kept], lived.bolus[kept]))
    return figures, time.process_time() - begun


def _told(plan: TrialPlan, progress: Progress) -> Iterator[tuple[dict[str, float], float]]:
    tasks = plan.tasks
    if plan.processes == 1:
        for done, task in enumerate(tasks):
            yield _outcome(task)
            progress(Step(done + 1, len(tasks), f"{tasks[done].controller}, {tasks[done].scenario}"))
        return
    with ProcessPoolExecutor(plan.processes, mp_context=get_context("spawn")) as pool:
        for done, outcome in enumerate(pool.map(_outcome, tasks, chunksize=max(1, plan.wearers // 8))):
            yield outcome
            progress(Step(done + 1, len(tasks), f"{tasks[done].controller}, {tasks[done].scenario}"))
