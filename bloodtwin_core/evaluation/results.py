"""What a test found, and test_results.yaml, in which it is kept.

The file's top level repeats the forecaster's pooled metrics on complete windows under their plain names,
so that a reader who knows only those finds them; everything else stands under complete: and available:.
"""

from functools import lru_cache
from pathlib import Path
from typing import Any, ClassVar, NamedTuple, Self

import yaml
from pydantic import ConfigDict, Field

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.common.rounding import decimals_apart
from bloodtwin_core.evaluation.baselines import BaselineFit
from bloodtwin_core.evaluation.clinical.results import Clinical
from bloodtwin_core.evaluation.figures import Interval, Result
from bloodtwin_core.evaluation.hierarchy import content_of, headline_of, table_of
from bloodtwin_core.evaluation.insulin_answers import InsulinResponse
from bloodtwin_core.evaluation.keys import Metrics
from bloodtwin_core.evaluation.table import FigureTable, WindowSet
from bloodtwin_core.evaluation.uncertainty import Uncertainty
from bloodtwin_core.evaluation.window_set import WindowSetResults
from bloodtwin_core.records.glucose_units import GlucoseUnit

DECIMALS = 4
"""Decimals written; rounding happens nowhere else."""
UNITS = (
    "mg/dL; bias is forecast minus reading; skill is model / persistence, skill_against_x model / x, below 1 is better;"
    " intervals hold 95 %, by block bootstrap over days; glucose_ranges are of the reading forecast for, "
    "times_of_day those of the forecast origin on the wearer's clock, UTC where its zone is not known"
)


class TargetOutcome(Result):
    """Whether a target was reached on the pooled complete windows.

    value is held against limit and must stay below it; it is None, and the target not met, where nothing was
    measured. missed_by says how far value is from the limit where it is not met. mean_reading is the MEAN beside an AT.
    reading says it in words, in mg/dL.
    """

    name: str
    value: float | None
    limit: float
    met: bool
    missed_by: float | None
    mean_reading: float | None
    reading: str

    @property
    def is_skill(self) -> bool:
        """Whether value and limit are ratios rather than mg/dL."""
        return self.name.startswith("skill")

    @property
    def answer(self) -> str:
        """Whether it was met, for a table: what was not measured is no "no"."""
        return answer(self.value, met=self.met)

    def told(self, unit: GlucoseUnit) -> str:
        """The reading in a unit."""
        if self.value is None:
            return self.reading
        shown = OutcomeShown.of(self, unit)
        if shown.at_limit:
            return f"{'just' if self.met else 'not'} below {shown.limit}{shown.beside}"
        if self.met:
            return f"{shown.value}{shown.beside} is below {shown.limit}"
        return f"{shown.value}{shown.beside} misses {shown.limit} by {shown.missed_by}"


def answer(value: float | None, *, met: bool) -> str:
    """What a table says of a target: "yes", "no", or "not measured" where there is no value."""
    if value is None:
        return "not measured"
    return "yes" if met else "no"


class OutcomeShown(NamedTuple):
    """A measured outcome as text, with so many decimals that the value does not read as its limit.

    at_limit: it does all the same. beside: the MEAN in brackets, or nothing.
    """

    value: str
    limit: str
    missed_by: str
    beside: str
    at_limit: bool

    @classmethod
    def of(cls, outcome: TargetOutcome, unit: GlucoseUnit, decimals: int = 2) -> Self:
        """In a unit; decimals are those in mg/dL. Raises ValueError for what was not measured."""
        if outcome.value is None:
            raise ValueError(f"{outcome.name} was not measured")
        scale, places = (1.0, decimals) if outcome.is_skill else (unit.in_mg_per_dl, unit.places(decimals))
        value, limit = outcome.value / scale, outcome.limit / scale
        places = decimals_apart(value, limit, places)
        mean = outcome.mean_reading
        as_set = outcome.is_skill or unit is GlucoseUnit.mg_dl
        return cls(
            f"{value:.{places}f}",
            f"{outcome.limit:g}" if as_set else f"{limit:.{places}f}",
            f"{value - limit:.{places}f}",
            "" if mean is None else f" (MEAN {mean / scale:.{places}f})",
            f"{value:.{places}f}" == f"{limit:.{places}f}",
        )


class TestedModel(Result):
    """What was tested, and on what."""

    __test__: ClassVar[bool] = False  # Its name begins with Test, but pytest should not collect it.

    model_version: str
    checkpoint_sha256: str
    data_fingerprint: str


class TestResults(Result):
    """Everything in test_results.yaml.

    baselines: what the fit of each baseline chose, such as the penalty of ridge, by the baseline's name. table: every
    figure on complete and on available windows. uncertainty is None where the network gives no quantiles,
    insulin_response where no test window has known insulin, or the test is from before it was asked.
    """

    __test__: ClassVar[bool] = False
    model_config = ConfigDict(frozen=True, arbitrary_types_allowed=True)

    tested: TestedModel
    lookback: int
    horizon: int
    baselines: dict[str, BaselineFit] = Field(default_factory=dict)
    targets: list[TargetOutcome]
    notes: list[str] = Field(default_factory=list)
    table: FigureTable
    uncertainty: Uncertainty | None
    clinical: Clinical
    insulin_response: InsulinResponse | None = None

    @property
    def complete(self) -> WindowSetResults:
        """Windows whose readings were all measured."""
        return WindowSetResults(self.table, WindowSet.complete)

    @property
    def available(self) -> WindowSetResults:
        """Windows as in daily life, with gaps."""
        return WindowSetResults(self.table, WindowSet.available)

    @property
    def headline(self) -> Metrics:
        """The forecaster's metrics on the complete windows of all pumps."""
        return self.complete.pooled.model

    @property
    def missed_targets(self) -> list[TargetOutcome]:
        """The targets that were not met, or could not be measured."""
        return [target for target in self.targets if not target.met]

    def write(self, path: Path) -> None:
        """Write test_results.yaml; what stood there stays until the new file is whole."""
        fits = {name: fit for name, fit in self.baselines.items() if fit}
        content = _rounded(
            {
                **headline_of(self.complete.pooled),
                "units": UNITS,
                **self.tested.model_dump(),
                "lookback": self.lookback,
                "horizon": self.horizon,
                "notes": self.notes,
                "targets": {target.name: target.model_dump(exclude={"name"}) for target in self.targets},
                **fits,
                **content_of(self.table),
                "uncertainty": None if self.uncertainty is None else self.uncertainty.model_dump(mode="json"),
                "clinical": self.clinical.model_dump(mode="json"),
                **({"insulin_response": self.insulin_response.model_dump()} if self.insulin_response else {}),
            }
        )
        content |= fits  # A penalty may be smaller than what rounding leaves.
        with atomic_write(path) as temporary:
            temporary.write_text(
                yaml.dump(content, Dumper=_Dumper, sort_keys=False, width=120, allow_unicode=True), "utf-8"
            )

    @classmethod
    def read(cls, path: Path) -> "TestResults":
        """The results that write left. Raises ArtifactMissing if they are not there or not readable."""
        try:
            content = _content_of(path.read_text("utf-8"))
            targets = [{"name": name, **target} for name, target in content.get("targets", {}).items()]
            table = table_of(content, content["horizon"])
            baselines = {name: content.get(name, {}) for name in table.baselines}
            return cls.model_validate(
                {**content, "tested": content, "targets": targets, "table": table, "baselines": baselines}
            )
        except (OSError, ValueError, KeyError, TypeError, AttributeError, yaml.YAMLError) as error:
            raise ArtifactMissing.unreadable(path, error, "test_results") from error


@lru_cache(maxsize=1)
def _content_of(text: str) -> dict[str, Any]:
    """What the text of a file says, to be read, not changed: checks, report and publishing ask for the same in turn."""
    content = yaml.load(text, _Loader)
    if not isinstance(content, dict):
        raise ValueError("it holds no mapping")
    return content


def _rounded(content: Any) -> Any:
    if isinstance(content, dict):
        return {key: _rounded(value) for key, value in content.items()}
    if isinstance(content, list):
        return [_rounded(value) for value in content]
    return round(content, DECIMALS) if isinstance(content, float) else content


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes lists of numbers, and intervals, on one line."""


_Loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)
# Those in C, where PyYAML was built with them, do the same several times as fast.


def _represent_list(dumper: Any, values: list[Any]) -> yaml.Node:
    on_one_line = not any(isinstance(value, str | list | dict) for value in values)
    node: yaml.Node = dumper.represent_sequence("tag:yaml.org,2002:seq", values, flow_style=on_one_line)
    return node


def _represent_dict(dumper: Any, values: dict[str, Any]) -> yaml.Node:
    on_one_line = values.keys() == Interval.model_fields.keys()
    node: yaml.Node = dumper.represent_mapping("tag:yaml.org,2002:map", values, flow_style=on_one_line)
    return node


_Dumper.add_representer(list, _represent_list)
_Dumper.add_representer(dict, _represent_dict)
