"""The report of a trial: what each controller came to in each scenario, differences, and a day of the same life."""

import numpy as np

from bloodtwin_core.control.controllers import controller_kind
from bloodtwin_core.control.trial.measures import MEASURES
from bloodtwin_core.control.trial.result import Arm, TrialResult
from bloodtwin_core.control.trial.running import Task, TrialPlan, live_task
from bloodtwin_core.control.trial.scenarios import scenario
from bloodtwin_core.control.trial.tables import COMPARED, difference_shown, headed, shown
from bloodtwin_core.records import RECORDS_PER_DAY
from bloodtwin_core.reporting.html.page import ReportPage
from bloodtwin_core.reporting.html.parts import HtmlCell, HtmlTable, Picture, Section
from bloodtwin_core.reporting.plots.trial import differences_figure, lives_figure, ranges_figure
from bloodtwin_core.simulation.history import RUN_IN_DAYS, pump_id

NEVER = (
    "Never to a pump: nothing here sends a command to any device. Virtual wearers are no people; one body's equations, "
    "of 2004, stand behind all of them. What does well here may harm somebody."
)
PAIRED = (
    "Every controller lived the same lives: same meals, boluses for them, sensor and chances. Figures are of the "
    "glucose in the blood, not of the sensor. Differences are taken wearer by wearer; intervals (95 %) resample "
    "wearers, and tell of other wearers of this simulator, not of people."
)
SHOWN_WEARER = 0
"""Whose second day is drawn."""


def trial_page(result: TrialResult, plan: TrialPlan) -> ReportPage:
    """The page. The drawn day is lived once more under each controller."""
    opening = [NEVER, *(_said(result, name) for name in result.scenarios)]
    about = [
        ("Wearers", f"{result.wearers}, of seed {result.seed}"),
        ("Days", str(result.days)),
        *((name, controller_kind(name, plan.own).about) for name in result.controllers),
        ("Forecaster", result.model or "none was asked"),
    ]
    sections = [_section(result, plan, name) for name in result.scenarios]
    return ReportPage(
        "A trial on virtual wearers", opening, about, [Section("how", "How it was tried", [PAIRED]), *sections]
    )


def _said(result: TrialResult, name: str) -> str:
    best = max(result.controllers, key=lambda controller: result.arm(controller, name).mean("in_range"))
    least = min(result.controllers, key=lambda controller: result.arm(controller, name).mean("below_70"))
    most, low = result.arm(best, name).mean("in_range"), result.arm(least, name).mean("below_70")
    return f"{name}: most time in range with {best} ({most:.1f} %), least below 70 with {least} ({low:.2f} %)."


def _section(result: TrialResult, plan: TrialPlan, name: str) -> Section:
    arms = {controller: result.arm(controller, name) for controller in result.controllers}
    shares = {controller: _shares(arm) for controller, arm in arms.items()}
    described = "; ".join(f"{controller}: {arm.mean('in_range'):.1f} % in range" for controller, arm in arms.items())
    pictures = [
        Picture(
            f"ranges-{name}", ranges_figure("", shares), "Time in each range of glucose (mg/dL)", described, wide=True
        ),
        *_difference_picture(result, name),
        _day_picture(result, plan, name),
    ]
    tables = [_figures_table(result, name), *_differences_table(result, name)]
    return Section(name, name.capitalize(), [f"{scenario(name).about.capitalize()}."], tables, pictures)


def _shares(arm: Arm) -> list[float]:
    low, below, within, above, high = (
        arm.mean(measure) for measure in ("below_54", "below_70", "in_range", "above_180", "above_250")
    )
    return [low, below - low, within, above - high, high]


def _difference_picture(result: TrialResult, name: str) -> list[Picture]:
    against = result.controllers[0]
    intervals = {}
    for controller in result.controllers[1:]:
        for measure in ("below_70", "above_180"):
            difference = result.difference(controller, against, name, measure)
            if difference.low is not None and difference.high is not None:
                row = f"{controller}, {MEASURES[measure].title}"
                intervals[row] = (difference.value, difference.low, difference.high)
    if not intervals:
        return []
    label = f"Percentage points, less {against}"
    described = "; ".join(f"{row}: {value:+.2f}" for row, (value, _, _) in intervals.items())
    figure = differences_figure("", label, intervals)
    return [Picture(f"differences-{name}", figure, f"Differences from {against}, 95 % intervals", described, wide=True)]


def _day_picture(result: TrialResult, plan: TrialPlan, name: str) -> Picture:
    blood, basal = {}, {}
    day = slice(RUN_IN_DAYS * RECORDS_PER_DAY, (RUN_IN_DAYS + 1) * RECORDS_PER_DAY)
    for controller in result.controllers:
        task = Task(plan.seed, (SHOWN_WEARER,), 1, controller, name, plan.forecaster, plan.own)
        lived = live_task(task)[0].lived
        blood[controller], basal[controller] = lived.blood[day], lived.basal_rate[day]
    lowest = "; ".join(f"{controller}: lowest {np.min(values):.0f} mg/dL" for controller, values in blood.items())
    who = pump_id(SHOWN_WEARER)
    return Picture(
        f"day-{name}", lives_figure("", blood, basal), f"The same day of {who} under each", lowest, wide=True
    )


def _figures_table(result: TrialResult, name: str) -> HtmlTable:
    rows = [
        [HtmlCell(controller), *(HtmlCell(shown(of, result.arm(controller, name).mean(of))) for of in MEASURES)]
        for controller in result.controllers
    ]
    return HtmlTable("Means over wearers, glucose in mg/dL", ["Controller", *map(headed, MEASURES)], rows)


def _differences_table(result: TrialResult, name: str) -> list[HtmlTable]:
    against = result.controllers[0]
    rows = [
        [
            HtmlCell(controller),
            *(HtmlCell(difference_shown(of, result.difference(controller, against, name, of))) for of in COMPARED),
        ]
        for controller in result.controllers[1:]
    ]
    caption = f"Difference from {against}, with its 95 % interval"
    return [HtmlTable(caption, ["Controller", *map(headed, COMPARED)], rows)] if rows else []
