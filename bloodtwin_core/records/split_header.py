"""The comment lines that open a bloodBath CSV v2.0 file."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Self

UTC_TIMESTAMPS = "UTC"
"""tz_handling of files whose times are UTC without further ado."""


@dataclass(frozen=True)
class SplitHeader:
    """The comment lines of a file; a key that the file lacks is empty, one that the contract lacks is in `extra`."""

    data_version: str = ""
    generated_at_utc: str = ""
    pump_serial: str = ""
    file_role: str = ""
    date_range: str = ""
    tz_handling: str = ""
    record_count: str = ""
    columns: str = ""
    bg_range_policy: str = ""
    bg_clipped_count: str = ""
    bg_missing_count: str = ""
    notes: str = ""
    extra: dict[str, str] = field(default_factory=dict)

    @classmethod
    def from_comments(cls, comments: Sequence[str]) -> Self:
        """Take `key: value` lines; a line without a colon is no key and is passed over."""
        pairs = [line.split(":", 1) for line in comments if ":" in line]
        stated = {key.strip(): value.strip() for key, value in pairs}
        known = {key: value for key, value in stated.items() if key in cls.contract_keys()}
        return cls(**known, extra={key: value for key, value in stated.items() if key not in known})

    @classmethod
    def contract_keys(cls) -> tuple[str, ...]:
        """The contract's keys, in the order in which they are written."""
        return tuple(name for name in cls.__dataclass_fields__ if name != "extra")

    def lines(self) -> list[str]:
        """The comment lines, without line ends; a line break inside a value becomes a space."""
        pairs = {**{key: getattr(self, key) for key in self.contract_keys()}, **self.extra}
        return [f"# {key}: {' '.join(str(value).split())}" for key, value in pairs.items() if value]
