"""What a stream carries as one file, so that a small device that starts again goes on where it was."""

import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from pydantic import BaseModel, ConfigDict, ValidationError

from bloodtwin_core.common.errors import DataError
from bloodtwin_core.common.files import atomic_write
from bloodtwin_core.records import PumpRecords
from bloodtwin_core.records.past import NOTHING_SEEN, WearerPast
from bloodtwin_core.serving.carried import Carried
from bloodtwin_core.serving.facts import WEARER_PAST, ExportedForecast
from bloodtwin_core.serving.streaming_network import StreamingNetwork

_STATE = "state "
_DAMAGED = (OSError, ValueError, KeyError, EOFError, zipfile.BadZipFile, ValidationError)


class _Said(BaseModel):
    """What is no array; checkpoint: sha256 of the network's."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    checkpoint: str
    pump_id: str
    zone: str = ""
    features: tuple[str, ...] = ()
    ages: tuple[int, ...]
    count: int


def keep_carried(carried: Carried, network: StreamingNetwork, path: Path) -> None:
    """Write what is carried, whole or not at all. Raises StorageError where it cannot be written."""
    records = carried.records
    said = _Said(
        checkpoint=network.facts.checkpoint_sha256,
        pump_id=carried.pump_id,
        zone=records.wearer_zone if records else "",
        features=records.features if records else (),
        ages=carried.ages,
        count=carried.count,
    )
    arrays: dict[str, Any] = {f"{_STATE}{name}": state for name, state in carried.states.items()}
    arrays |= {"said": np.array(said.model_dump_json()), "readings": np.frombuffer(carried.readings, dtype=np.uint8)}
    if network.facts.wearer_past:
        arrays |= {WEARER_PAST: carried.past.numbers()}
    arrays |= {"origin": np.array(carried.origin), "measured_at": np.array(carried.measured_at)}
    if records is not None and carried.last is not None:
        arrays |= {"times": records.timestamps, "values": records.values, "last": carried.last}
    if carried.answer is not None:
        arrays |= {name: told for name, told in carried.answer._asdict().items() if told is not None}
    with atomic_write(path) as temporary, temporary.open("wb") as file:
        np.savez(file, **arrays)


def kept_carried(path: Path, network: StreamingNetwork) -> Carried:
    """What was written. Raises DataError for a file that is not there, is damaged, or is another model's."""
    try:
        with np.load(path, allow_pickle=False) as arrays:
            said = _Said.model_validate_json(str(arrays["said"]))
            if said.checkpoint != network.facts.checkpoint_sha256:
                raise _refused(path, "was kept by another model")
            return _carried(arrays, said, network)
    except DataError:
        raise
    except _DAMAGED as error:
        raise _refused(path, f"cannot be read ({type(error).__name__})") from error


def _carried(arrays: Any, said: _Said, network: StreamingNetwork) -> Carried:
    states = {name: arrays[f"{_STATE}{name}"] for name in network.facts.states}
    for name, state in network.zero_states().items():
        if (states[name].shape, states[name].dtype) != (state.shape, state.dtype):
            raise ValueError(f"the state {name} has another shape")
    records = last = answer = None
    if "last" in arrays:
        records = PumpRecords(said.pump_id, arrays["times"], arrays["values"], said.features, said.zone)
        last = arrays["last"]
    if "prediction" in arrays:
        told = {name: arrays[name] for name in ExportedForecast._fields if name in arrays}
        answer = ExportedForecast(**told)
    past = WearerPast.of_numbers(arrays[WEARER_PAST]) if network.facts.wearer_past else NOTHING_SEEN
    return Carried(
        states=states,
        pump_id=said.pump_id,
        last=last,
        records=records,
        origin=arrays["origin"][()],
        measured_at=arrays["measured_at"][()],
        ages=said.ages,
        count=said.count,
        answer=answer,
        readings=arrays["readings"].tobytes(),
        past=past,
    )


def _refused(path: Path, why: str) -> DataError:
    return DataError(f"what a stream carried {why}", todo="Feed the last day of records instead", file=path)
