"""MODEL_CARD.md, written from what a run left: whose data, which settings, every figure, and the limits."""

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import yaml

from bloodtwin_core.artifacts import StageRecord
from bloodtwin_core.checkpoint import Checkpoint
from bloodtwin_core.evaluation.results import TestResults
from bloodtwin_core.evaluation.tables import results_table
from bloodtwin_core.pretrained.figures import figures
from bloodtwin_core.pretrained.notices import notice_text, sources_of
from bloodtwin_core.records import FEATURE_UNITS, RECORD_MINUTES, RECORDS_PER_DAY, Split
from bloodtwin_core.windows import Segment

COMMAND = "make pretrained AZT1D=folder BRIST1D=folder"
LIMITS = """\
- It is no medical device. Never dose insulin from a forecast alone.
- It learned from the people named above: few, adults, those whose insulin is known all with one make of pump.
  Children, pregnancy, other pumps, injections, type 2 diabetes and people without diabetes were not among them.
- It knows glucose, basal rate, bolus and the time of day. It knows nothing of meals before they show in the glucose,
  nothing of exercise, illness or stress.
- For some of those people insulin was unknown. What the network makes of insulin rests on the others alone.
- The figures are of people that it learned from, at a later time. Somebody new fares worse until the network has been
  fine-tuned on days of their own.
- Times of the data sets are local wall time without a zone. What the network makes of the time of day is a wearer's
  local time; records in UTC from elsewhere shift it."""


@dataclass(frozen=True)
class CardFacts:
    """What the card is written from. content is test_results.yaml as plain values; newcomers is a Markdown table."""

    checkpoint: Checkpoint
    training: StageRecord
    segments: Sequence[Segment]
    results: TestResults
    content: Mapping[str, Any]
    newcomers: str = ""


def model_card(facts: CardFacts) -> str:
    """The card as Markdown."""
    sections = [
        _what_it_is(facts.checkpoint),
        _data(facts),
        _settings(facts),
        _headline(facts),
        f"## If one is new to it\n\n{facts.newcomers}" if facts.newcomers else "",
        f"## Limits\n\n{LIMITS}",
        f"## Training it again\n\n```\n{COMMAND}\n```\n\nREADME.md says where the data are to be had.",
        f"## Every figure of the evaluation\n\nAs in `test_results.yaml`; errors in mg/dL, shares from 0 to 1.\n\n"
        f"{figures(facts.content, 3)}",
    ]
    return "\n\n".join(section for section in sections if section) + "\n"


def _what_it_is(checkpoint: Checkpoint) -> str:
    model = checkpoint.model
    inputs = ", ".join(f"`{feature}` ({unit})" for feature, unit in FEATURE_UNITS.items())
    return f"""# bloodTwin base model

A {model.cell.value.upper()} of {model.num_layers} layers of {model.hidden_size} units that forecasts glucose every \
{RECORD_MINUTES} minutes for the next {checkpoint.horizon * RECORD_MINUTES} minutes from the last \
{checkpoint.lookback * RECORD_MINUTES / 60:g} hours of records. For people who know what they do: **it is no medical \
device.**

It takes {inputs}, in physical units, and gives mg/dL; the scaler is inside.

- `model.onnx` takes a whole lookback, `model_streaming.onnx` one record at a time; `best.ckpt` is the checkpoint to
  fine-tune from (`training.start_from: pretrained`), `scaler.json` its scaler.
- Trained by bloodTwin {checkpoint.version}; sha256 of the checkpoint `{checkpoint.sha256}`, of the windows
  `{checkpoint.data_fingerprint}`."""


def _data(facts: CardFacts) -> str:
    sources = sources_of(facts.training.settings.get("data", {}))
    days: Counter[Split] = Counter()
    for segment in facts.segments:
        days[segment.split] += segment.stop - segment.start
    people = {split: len({segment.pump_id for segment in facts.segments if segment.split is split}) for split in Split}
    lines = [
        f"| {split.value} | {people[split]} | {days[split]:,} | {days[split] / RECORDS_PER_DAY:,.0f} |"
        for split in Split
    ]
    notices = "\n".join(notice_text(source) for source in sources)
    return "\n".join(["## Data", "", notices, "", "| split | people | records | days |", "|---|---|---|---|", *lines])


def _settings(facts: CardFacts) -> str:
    settings = {group: facts.training.settings.get(group, {}) for group in ("data", "model", "training")}
    text = yaml.safe_dump(settings, sort_keys=False, width=110)
    versions = ", ".join(f"{name} {version}" for name, version in facts.training.packages.items())
    return f"## Settings\n\n```yaml\n{text}```\n\nPython {facts.training.python}; {versions}."


def _headline(facts: CardFacts) -> str:
    targets = "\n".join(f"- {target.name}: {target.reading}" for target in facts.results.targets)
    return f"""## How good it is

On the last part of each person's history, which neither training nor choosing has seen. AT is the error of one moment \
alone, MEAN that of all moments up to it; skill is the error divided by persistence's (the last reading stays).

{results_table(facts.results)}

Against what bloodTwin wants to reach, on complete windows of all people:

{targets}"""
