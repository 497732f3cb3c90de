"""What a source of records is: one object that says everything of it, kept in the source's own file as SOURCE.

Settings, graph, command, notices and the table in the docs collect from these objects. Their modules are imported to
list them, so what is heavy (pandas, numba, a vendor's library) is imported where it is used.
"""

import re
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, TypeVar

from bloodtwin_core.common.progress import Progress, Step
from bloodtwin_core.config import DataSettings
from bloodtwin_core.config.group import SettingsGroup
from bloodtwin_core.records import PumpHistory, PumpRecords
from bloodtwin_core.records.split_header import UTC_TIMESTAMPS
from bloodtwin_core.sources.notice import LicenceNotice
from bloodtwin_core.sources.signature import Signature

if TYPE_CHECKING:
    from bloodtwin_core.events.kinds import PumpEvents
    from bloodtwin_core.records.split_files import PumpSplitFiles
    from bloodtwin_core.records.splitting import Cut
    from bloodtwin_core.sources.fetching import Fetch

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_Named = TypeVar("_Named", "PumpRecords", "PumpHistory", "PumpEvents")


@dataclass(frozen=True, kw_only=True)
class Source(ABC):
    """One source: what it is called, what it is set by, how it is fetched, and what must be said of its data.

    name: data.source, and the name of its group of settings; letters, digits and _.
    title: what it is called within a sentence, such as "Tandem Source" or "the AZT1D data set".
    about: what it is, for the table in the docs; one line of Markdown.
    root: what the folder data.root holds, for the same table; "" where the source needs none.
    settings: the model of its own settings, found with data.of(model); each setting has a default.
    fetch: brings what is new in a cloud or site to data.root/{name}_{pump}, for sources that fetch.
    tz_handling, notes: comment lines of the split files; notes may depend on the settings.
    notice: what the data's licence asks to be said of a model that was trained on it.
    signature: what tells its files from those of other sources.
    needs_zone: its files give local times and no zone, so that its setting time_zone must be given.
    address_setting: which of its own settings takes the http(s) address that it fetches from; "" for none.
    local_times: its records' times are the wearer's wall time, though nothing in their files says so.
    virtual: its wearers are nobody; figures on them tell nothing of people.
    ids_are_people: whether a pump id is the same person in whatever folder and layout the files lie, as the ids of a
    published data set are.
    """

    name: str
    title: str
    about: str
    root: str = ""
    settings: type[SettingsGroup] | None = None
    fetch: "Fetch | None" = None
    tz_handling: str = UTC_TIMESTAMPS
    notes: str | Callable[[DataSettings], str] = ""
    notice: LicenceNotice | None = None
    signature: Signature = field(default_factory=Signature)
    needs_zone: bool = False
    address_setting: str = ""
    local_times: bool = False
    virtual: bool = False
    ids_are_people: bool = False

    def __post_init__(self) -> None:
        """Raise ValueError for a name that can be no setting and no asset, and for settings that cannot be.

        Those are one without a default, and one that the source names and does not have.
        """
        if not _NAME.fullmatch(self.name):
            raise ValueError(f"a source cannot be called '{self.name}': write small letters, digits and _")
        fields = self.settings.model_fields if self.settings else {}
        if needed := [name for name, field in fields.items() if field.is_required()]:
            raise ValueError(f"data.{self.name}.{needed[0]} has no default: runs from other sources leave it out")
        for setting in [self.address_setting, "time_zone" if self.needs_zone else ""]:
            if setting and setting not in fields:
                raise ValueError(f"data.{self.name}.{setting} is no setting. Add it to the settings of {self.name}")
        if self.address_setting and self.fetch is None:
            raise ValueError(f"the source {self.name} reads an address and has no fetch. Give it one")

    @abstractmethod
    def split_files(
        self, settings: DataSettings, folder: Path, progress: Progress, cut: "Cut"
    ) -> "list[PumpSplitFiles]":
        """The split files of every wanted pump; what the source writes goes under folder, and replaces it.

        cut says how a history becomes splits. Raises what the source's reader raises.
        """

    def notes_for(self, settings: DataSettings) -> str:
        """The comment line `notes` of its split files."""
        return self.notes if isinstance(self.notes, str) else self.notes(settings)

    def lacks_zone(self, settings: DataSettings) -> bool:
        """Whether its files give local times of a zone that the settings do not name."""
        own = settings.of(self.settings) if self.settings else None
        return self.needs_zone and not getattr(own, "time_zone", "")

    def with_address(self, settings: DataSettings, address: str) -> DataSettings:
        """The settings for this source at an http(s) address. Raises ValueError for a source that reads none."""
        if self.settings is None or not self.address_setting:
            raise ValueError(f"the source {self.name} reads no address")
        own = settings.of(self.settings).model_copy(update={self.address_setting: address})
        return settings.model_copy(update={"source": self.name, self.name: own})


@dataclass(frozen=True, kw_only=True)
class CutSource(Source):
    """A source whose pumps are cut into splits and written, with what the source says of itself in the headers."""

    @abstractmethod
    def _writer(self, settings: DataSettings, progress: Progress) -> "Callable[..., list[PumpSplitFiles]]":
        """What writes its pumps; it takes settings, folder, tz_handling, notes and cut, as write_split_files does."""

    def split_files(
        self, settings: DataSettings, folder: Path, progress: Progress, cut: "Cut"
    ) -> "list[PumpSplitFiles]":
        """As Source says; each pump is split and written."""
        write = self._writer(settings, progress)
        return write(settings, folder, tz_handling=self.tz_handling, notes=self.notes_for(settings), cut=cut)


@dataclass(frozen=True, kw_only=True)
class HistorySource(CutSource):
    """A source of whole histories on the five-minute grid, one a pump; NaN where a value is unknown."""

    histories: Callable[[DataSettings, Progress], Iterable[PumpRecords | PumpHistory]]

    def _writer(self, settings: DataSettings, progress: Progress) -> "Callable[..., list[PumpSplitFiles]]":
        from bloodtwin_core.records.splitting import write_split_files

        return partial(write_split_files, self.histories(settings, progress))


@dataclass(frozen=True, kw_only=True)
class EventSource(CutSource):
    """A source of irregular events in UTC, one pump at a time; records are made of them (events/binning.py)."""

    events: "Callable[[DataSettings, Progress], Iterable[PumpEvents]]"

    def _writer(self, settings: DataSettings, progress: Progress) -> "Callable[..., list[PumpSplitFiles]]":
        from bloodtwin_core.events.splits import write_event_splits

        return partial(write_event_splits, self.events(settings, progress))


@dataclass(frozen=True, kw_only=True)
class SplitSource(Source):
    """A source whose files are split already; they are used where they lie, and nothing is cut or written."""

    find: "Callable[[DataSettings], list[PumpSplitFiles]]"

    def split_files(
        self,
        settings: DataSettings,
        folder: Path,  # noqa: ARG002
        progress: Progress,  # noqa: ARG002
        cut: "Cut",  # noqa: ARG002
    ) -> "list[PumpSplitFiles]":
        """As Source says; nothing is written."""
        return self.find(settings)


def told(histories: Iterable[_Named], total: int, progress: Progress) -> Iterator[_Named]:
    """The histories, one after the other, and the progress told; a total of 0 is not known before."""
    for done, history in enumerate(histories):
        progress(Step(done, max(total, done + 1), f"pump {history.pump_id}"))
        yield history
