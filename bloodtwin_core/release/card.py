"""MODEL_CARD.md, written from what a run left: whose data, which settings, every figure, and the limits."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from bloodtwin_core.config import ModelSettings
from bloodtwin_core.evaluation.comparison import Comparison
from bloodtwin_core.evaluation.metrics import REPORTED_MINUTES, step_at
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.network.checkpoint import Checkpoint
from bloodtwin_core.pipeline.manifest import StageRecord
from bloodtwin_core.records import (
    CARBOHYDRATES,
    FEATURES,
    PAST_FEATURES,
    RECORD_MINUTES,
    RECORDS_PER_DAY,
    Split,
    has_past,
    units_of,
    without_past,
)
from bloodtwin_core.records.past import KNOWN_AFTER_DAYS
from bloodtwin_core.release.notices import notice_text, sources_of
from bloodtwin_core.reporting.text_tables import detailed_tables, results_table
from bloodtwin_core.windows import Segment

COMMAND = "make pretrained AZT1D=folder BRIST1D=folder"
_LIMITS = """\
- It is no medical device. Never dose insulin from a forecast alone.
- It learned from the people named above: few, adults, on pumps. Whose insulin was known, and how it was told, is said
  there. Children, pregnancy, injections, type 2 diabetes and people without diabetes were not among them.
- It knows {known} and the time of day. {meals}
- For some of those people, or on some of their days, insulin was unknown. What the network makes of insulin rests on
  the others alone. A forecast is no answer to what a dose would do.
- The figures are of people that it learned from, at a later time. Somebody new fares worse until the network has been
  fine-tuned on days of their own.
- Times of the data sets are local wall time without a zone. What the network makes of the time of day is a wearer's
  local time; records in UTC from elsewhere shift it."""
_MEALS_UNTOLD = """\
It knows nothing of meals before they show in the glucose,
  nothing of exercise, illness or stress."""
_MEALS_TOLD = """\
Of a meal it knows the carbohydrates that were announced;
  it cannot tell a meal that was not, nor exercise, illness or stress, before they show in the glucose."""


@dataclass(frozen=True)
class TrainingStep:
    """One training, what it was set to, and the segments that it learned from and was tested on."""

    record: StageRecord
    segments: Sequence[Segment]

    @property
    def data(self) -> dict[str, Any]:
        """The settings of data."""
        settings: dict[str, Any] = self.record.settings.get("data", {})
        return settings


@dataclass(frozen=True)
class CardFacts:
    """What the card is written from: the trainings that followed each other, the last one being the model's own.

    unseen_people is a Markdown table.
    """

    checkpoint: Checkpoint
    steps: Sequence[TrainingStep]
    results: TestResults
    unseen_people: str = ""


def model_card(facts: CardFacts) -> str:
    """The card as Markdown."""
    sections = [
        _what_it_is(facts.checkpoint),
        _data(facts),
        _settings(facts),
        _headline(facts),
        f"## If one is new to it\n\n{facts.unseen_people}" if facts.unseen_people else "",
        f"## Limits\n\n{limits_of(facts.checkpoint.forecaster.features)}",
        f"## Training it again\n\n```\n{COMMAND}\n```\n\nREADME.md says where the data are to be had.",
        f"## The evaluation in full\n\n`test_results.yaml` beside this card holds every single figure.\n\n"
        f"{_by_step(facts.results)}\n\n{_by_person(facts.results)}\n\n{detailed_tables(facts.results)}",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _what_it_is(checkpoint: Checkpoint) -> str:
    model = checkpoint.model
    features = without_past(checkpoint.forecaster.features)
    inputs = ", ".join(f"`{feature}` ({unit})" for feature, unit in units_of(features).items())
    return f"""# bloodTwin base model

A network ({_network(model)}) that forecasts glucose every \
{RECORD_MINUTES} minutes for the next {checkpoint.horizon * RECORD_MINUTES} minutes from the last \
{checkpoint.lookback * RECORD_MINUTES / 60:g} hours of records. For people who know what they do: **it is no medical \
device.**

It takes {inputs}, in physical units, and gives mg/dL; the scaler is inside.

- `model.onnx` and `model.ts` take a whole lookback, `model_streaming.onnx` one record at a time; `best.ckpt` is the
  checkpoint to fine-tune from (`training.start_from: pretrained`), `scaler.json` its scaler.
{past_told(checkpoint.forecaster.features)}\
- Trained by bloodTwin {checkpoint.version}; sha256 of the checkpoint `{checkpoint.sha256}`, of the windows
  `{checkpoint.data_fingerprint}`."""


def past_told(features: Sequence[str]) -> str:
    """What the card says of the past where these features hold one, an item of a list; else nothing."""
    if not has_past(features):
        return ""
    return f"""\
- The ONNX files may also be told what the wearer's own past says of them (`wearer_past`, {len(PAST_FEATURES)} columns,
  known after {KNOWN_AFTER_DAYS:g} days of readings). bloodTwin computes it from the records that it is given; whoever
  leaves it out is forecast as if nothing were known. The figures below are with the past as it is known.
"""


def limits_of(features: Sequence[str]) -> str:
    """The card's limits of a network that takes these features, as Markdown."""
    known = ", ".join(("glucose", "basal rate", "bolus", *without_past(features)[len(FEATURES) :]))
    return _LIMITS.format(known=known, meals=_MEALS_TOLD if CARBOHYDRATES in features else _MEALS_UNTOLD)


def _network(model: ModelSettings) -> str:
    layers = f"{model.num_layers} {model.cell.value.upper()} layer{'s' * (model.num_layers > 1)}"
    each = f"{layers} of {model.hidden_size} units{' and temporal attention' * model.attention}"
    return each if model.ensemble_size == 1 else f"the mean of {model.ensemble_size}, each of {each}"


def _data(facts: CardFacts) -> str:
    sources = dict.fromkeys(source for step in reversed(facts.steps) for source in sources_of(step.data))
    notices = "\n".join(notice_text(source) for source in sources)
    tables = (f"{_which(number, facts)}{_splits(step)}" for number, step in enumerate(facts.steps, start=1))
    return f"## Data\n\n{notices}\n\n" + "\n\n".join(tables)


def _splits(step: TrainingStep) -> str:
    records: Counter[Split] = Counter()
    for segment in step.segments:
        records[segment.split] += segment.stop - segment.start
    people = {split: len({segment.pump_id for segment in step.segments if segment.split is split}) for split in Split}
    rows = (
        [split.value, people[split], f"{records[split]:,}", f"{records[split] / RECORDS_PER_DAY:,.0f}"]
        for split in Split
    )
    return _table(["split", "people", "records", "days"], rows)


def _which(number: int, facts: CardFacts) -> str:
    """Which training a table is of, where there were several."""
    if len(facts.steps) == 1:
        return ""
    then = "whose weights the next one starts from" if number < len(facts.steps) else "of this model"
    return f"Training {number} of {len(facts.steps)}, {then}:\n\n"


def _settings(facts: CardFacts) -> str:
    blocks = (f"{_which(number, facts)}{_settings_of(step)}" for number, step in enumerate(facts.steps, start=1))
    record = facts.steps[-1].record
    versions = ", ".join(f"{name} {version}" for name, version in record.packages.items())
    return "## Settings\n\n" + "\n\n".join(blocks) + f"\n\nPython {record.python}; {versions}."


def _settings_of(step: TrainingStep) -> str:
    settings = {
        "data": _said(step.data, sources_of(step.data)),
        **{group: step.record.settings.get(group, {}) for group in ("model", "training")},
    }
    return f"```yaml\n{yaml.safe_dump(settings, sort_keys=False, width=110)}```"


def _said(data: Mapping[str, Any], sources: Sequence[str]) -> dict[str, Any]:
    """The settings of data that concern these sources, without folders, which concern nobody else."""
    said = {}
    for name, value in data.items():
        if isinstance(value, list):
            said[name] = [_said(part, sources) if isinstance(part, Mapping) else part for part in value]
        elif name != "root" and (not isinstance(value, Mapping) or name in sources):
            said[name] = value
    return said


def _headline(facts: CardFacts) -> str:
    targets = "\n".join(f"- {target.name}: {target.reading}" for target in facts.results.targets)
    return f"""## How good it is

On the last part of each person's history, which neither training nor choosing has seen. AT is the error of one moment \
alone, MEAN that of all moments up to it; skill is the error divided by persistence's (the last reading stays).

{results_table(facts.results)}

Against what bloodTwin wants to reach, on complete windows of all people:

{targets}"""


def _by_step(results: TestResults) -> str:
    errors = results.complete.error_by_step
    rows = ([minutes, *map(_shown, at_once)] for minutes, *at_once in zip(*errors.values(), strict=True))
    return "MAE at each moment, complete windows (mg/dL):\n\n" + _table(
        ["minutes ahead", "bloodTwin", *results.table.baselines], rows
    )


def _by_person(results: TestResults) -> str:
    reported = [minutes for minutes in REPORTED_MINUTES if step_at(minutes) <= results.horizon]
    rows = (
        [pump, comparison.windows, *(cell for minutes in reported for cell in _at(comparison, step_at(minutes)))]
        for pump, comparison in results.complete.pumps.items()
    )
    columns = ("MAE AT", *results.table.baselines, "skill")
    head = [f"{column} {minutes} min" for minutes in reported for column in columns]
    return "Person by person, complete windows (mg/dL):\n\n" + _table(["person", "windows", *head], rows)


def _at(comparison: Comparison, step: int) -> list[str]:
    maes = [comparison.figure("mae", step, forecaster=forecaster).value for forecaster in comparison.table.forecasters]
    return [_shown(value) for value in (*maes, comparison.skill_at(step).value)]


def _table(head: Sequence[object], rows: Iterable[Sequence[object]]) -> str:
    lines = [head, ["---"] * len(head), *rows]
    return "\n".join(f"| {' | '.join(str(cell) for cell in line)} |" for line in lines)


def _shown(value: float | None) -> str:
    return "–" if value is None else f"{value:.2f}"
