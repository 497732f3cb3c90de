"""Histories to measure on: simulated, because a benchmark must run where nobody's data is."""

from collections.abc import Iterator
from math import ceil
from pathlib import Path

from bloodtwin_core.config import DataSettings
from bloodtwin_core.pipeline.preparing import Prepared, prepare_loaded
from bloodtwin_core.records import RECORDS_PER_DAY, PumpRecords
from bloodtwin_core.records.raw_splits import LoadedSplit, describe, load_splits
from bloodtwin_core.records.split_files import PumpSplitFiles
from bloodtwin_core.records.splitting import write_split_files
from bloodtwin_core.simulation import simulate_wearer

FULL_SIZE = (393_524, 187_720)
"""Records of the two pumps whose history the specification was written for, 581,244 in all."""
SEED = 2024


def histories(sizes: tuple[int, ...]) -> Iterator[PumpRecords]:
    """One virtual wearer for each number of records."""
    for wearer, records in enumerate(sizes):
        yield simulate_wearer(SEED, wearer, ceil(records / RECORDS_PER_DAY)).rows(0, records)


def split_files(sizes: tuple[int, ...], folder: Path) -> list[PumpSplitFiles]:
    """The histories as bloodBath split files under folder."""
    return write_split_files(histories(sizes), DataSettings(), folder)


def load(files: list[PumpSplitFiles], folder: Path) -> list[LoadedSplit]:
    """The records of split files, as the graph reads them."""
    return load_splits(describe("benchmark", files, folder), folder)


def prepared(sizes: tuple[int, ...], folder: Path) -> Prepared:
    """Windows and scaler of new histories."""
    return prepare_loaded(load(split_files(sizes, folder), folder), DataSettings())
