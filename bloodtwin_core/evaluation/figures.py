"""What a figure is made of: a value, its 95 % interval, one value for each step; and the base of all results."""

from collections.abc import Iterator, Mapping
from typing import Any, Generic, NamedTuple, TypeVar

from pydantic import BaseModel, ConfigDict, SerializerFunctionWrapHandler, model_serializer, model_validator

V = TypeVar("V")
Steps = list[float | None]
"""One value for each step; None where nothing was measured."""


class Result(BaseModel):
    """Something measured; it does not change."""

    model_config = ConfigDict(frozen=True)


class FlatBeside(Result):
    """A result with a field beside, what holds for each baseline by its name: written as fields next to the others."""

    @model_serializer(mode="wrap")
    def _flat(self, serialize: SerializerFunctionWrapHandler) -> dict[str, Any]:
        content: dict[str, Any] = {}
        for name, value in serialize(self).items():
            content |= value if name == "beside" else {name: value}
        return content

    @model_validator(mode="before")
    @classmethod
    def _from_flat(cls, content: Any) -> Any:
        if not isinstance(content, dict) or "beside" in content:
            return content
        own = {name: value for name, value in content.items() if name in cls.model_fields}
        return {**own, "beside": {name: value for name, value in content.items() if name not in own}}


class Interval(Result):
    """A figure and its 95 % confidence interval, which holds it."""

    value: float
    low: float
    high: float


class Estimate(NamedTuple):
    """A figure and its 95 % interval; value is None where nothing was measured, low and high where there is none."""

    value: float | None
    low: float | None = None
    high: float | None = None

    @property
    def interval(self) -> Interval | None:
        """Value and interval, where there are both."""
        if self.value is None or self.low is None or self.high is None:
            return None
        return Interval(value=self.value, low=self.low, high=self.high)


class Named(Mapping[str, V], Generic[V]):
    """Values by name that can also be read as attributes, since names come from the tables of metrics and forecasters.

    Mappings within it are read the same way.
    """

    def __init__(self, values: Mapping[str, V]) -> None:
        self._values = dict(values)

    def __getitem__(self, name: str) -> V:
        return self._values[name]

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def __getattr__(self, name: str) -> Any:
        if name.startswith("_") or name not in self._values:
            raise AttributeError(f"there is no {name}, only {', '.join(self._values)}", name=name, obj=self)
        value = self._values[name]
        return Named(value) if isinstance(value, dict) else value

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._values!r})"


def ratio(value: float | None, of: float | None) -> float | None:
    """None where of is 0 or either is None."""
    return None if value is None or not of else value / of
