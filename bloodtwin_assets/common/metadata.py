"""How tables and pictures look on an asset's page."""

import base64
import math
from collections.abc import Mapping, Sequence

import dagster as dg

from bloodtwin_core.records.glucose_units import GlucoseUnit

CellValue = str | int | float | None
Metadata = Mapping[str, dg.MarkdownMetadataValue | dg.TableMetadataValue | dg.PathMetadataValue | str | int | float]
"""The metadata of one materialization, by the name that the page shows; Dagster plots numbers over time."""
NOT_KNOWN = "–"


def picture(png: bytes, caption: str) -> dg.MarkdownMetadataValue:
    """A PNG, shown within the page; nothing has to serve it."""
    encoded = base64.b64encode(png).decode("ascii")
    return dg.MarkdownMetadataValue(f"![{caption}](data:image/png;base64,{encoded})")


def table(
    rows: Sequence[Mapping[str, CellValue]], meanings: Mapping[str, str], decimals: int = 2
) -> dg.TableMetadataValue:
    """A table with a column per name in meanings, which say what each holds and in which unit.

    What is not known (None, NaN) is a dash.
    """
    columns = [dg.TableColumn(name, _kind(rows, name), description) for name, description in meanings.items()]
    records = [dg.TableRecord({name: _shown(row[name], decimals) for name in meanings}) for row in rows]
    return dg.TableMetadataValue(records, dg.TableSchema(columns))


def per_cent(share: float) -> float:
    """A share from 0 to 1 in per cent."""
    return 100.0 * share


def numbers(values: Mapping[str, float | None]) -> dict[str, float]:
    """The values that are known, since Dagster can plot no others, to six digits."""
    return {name: float(f"{value:.6g}") for name, value in values.items() if value is not None and math.isfinite(value)}


def glucose(value: float | None, unit: GlucoseUnit, decimals: int = 2) -> float | None:
    """A glucose or an error (mg/dL) in a unit, for a table: to so many decimals in mg/dL, one more in mmol/L."""
    return None if value is None else round(unit.of(value), unit.places(decimals))


def _shown(value: CellValue, decimals: int) -> str | int | float:
    if value is None or (isinstance(value, float) and not math.isfinite(value)):
        return NOT_KNOWN
    if isinstance(value, str):
        return str(value)  # Dagster takes no subclass of str, such as a StrEnum.
    return round(value, decimals) if isinstance(value, float) else value


def _kind(rows: Sequence[Mapping[str, CellValue]], name: str) -> str:
    kinds = {type(row[name]) for row in rows}
    return "int" if kinds == {int} else "float" if kinds and kinds <= {int, float} else "string"
