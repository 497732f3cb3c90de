"""From the events of many pumps to their split files, with what was repaired and stated in each header."""

from collections.abc import Iterable, Iterator
from pathlib import Path

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.config import DataSettings
from bloodtwin_core.events.binning import records_from_events
from bloodtwin_core.events.compared_totals import HEADER_KEY as TOTALS_KEY
from bloodtwin_core.events.compared_totals import compared_totals
from bloodtwin_core.events.kinds import PumpEvents
from bloodtwin_core.events.repairs import HEADER_KEY as REPAIRS_KEY
from bloodtwin_core.events.wearers import by_wearer
from bloodtwin_core.records import PumpRecords, features_with
from bloodtwin_core.records.pump_ids import pump_id_of
from bloodtwin_core.records.split_files import PumpSplitFiles
from bloodtwin_core.records.split_header import UTC_TIMESTAMPS
from bloodtwin_core.records.splitting import Cut, split_history, write_split_files


def write_event_splits(
    pumps: Iterable[PumpEvents],
    settings: DataSettings,
    folder: Path,
    *,
    tz_handling: str = UTC_TIMESTAMPS,
    notes: str = "",
    cut: Cut = split_history,
) -> list[PumpSplitFiles]:
    """Make records of each pump's events, split them and write them under folder, which is replaced whole.

    With data.join_wearers the pumps of one wearer become one history under the wearer's name. Raises DataError for a
    pump that comes twice or without glucose, and what write_split_files raises; then what stood in folder stays.
    """
    for wearer in settings.wearers if settings.join_wearers else ():
        pump_id_of(wearer)
    told: dict[str, dict[str, str]] = {}
    features = features_with(settings.extra_features)

    def histories() -> Iterator[PumpRecords]:
        asked_for = (events.with_extra_of(features) for events in pumps)
        for events in by_wearer(asked_for, settings.wearers) if settings.join_wearers else asked_for:
            if events.pump_id in told:
                todo = "Give each pump and wearer a name of its own"
                raise DataError(f"pump {events.pump_id} comes twice", todo=todo)
            records, repairs = records_from_events(events, settings.max_gap_hours, features=features)
            told[events.pump_id] = {REPAIRS_KEY: repairs.text(), TOTALS_KEY: compared_totals(events).text()}
            yield records

    return write_split_files(
        histories(),
        settings,
        folder,
        tz_handling=tz_handling,
        notes=notes,
        cut=cut,
        extra=lambda history: told[history.pump_id],
    )
