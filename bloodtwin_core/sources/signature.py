"""How a source's files are told from others', so that a command recognises them without being told the source."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, kw_only=True)
class Signature:
    """What tells a source; patterns are those of Path.glob. A source that leaves all out is named with --source.

    pump_files: patterns of files in the folder of one pump, which is the folder itself or a `pump_*` folder in it.
    kept: pattern of one file among those that the source's fetch keeps in `{name}_{pump}`, at any depth.
    contents: patterns of what lies in the folder of a data set; any of them tells it.
    is_file: whether a file is the source's, told from its content. A source that has it also reads files that are named
        one by one; data.root is then a folder that holds them and no others. It raises nothing for a foreign file.
    loose_files: patterns of the files in a folder of which is_file is asked; none where a folder is told otherwise.
    root_may_be_file: whether data.root may be one such file itself; its name then stays as it is.
    """

    pump_files: tuple[str, ...] = ()
    kept: str = "*.csv.gz"
    contents: tuple[str, ...] = ()
    is_file: Callable[[Path], bool] | None = None
    loose_files: tuple[str, ...] = ()
    root_may_be_file: bool = False
