"""Pages of torchscript_export, onnx_export and streaming_export."""

from pathlib import Path
from typing import TYPE_CHECKING

import dagster as dg

from bloodtwin_assets.common.metadata import CellValue, Metadata, table
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.records import GLUCOSE_LIMITS, without_past
from bloodtwin_core.serving.facts import DISAGREEMENT, INPUT, OUTPUT, QUANTILES, READING, STATE_OUT, WEARER_PAST

if TYPE_CHECKING:
    from bloodtwin_core.export import Int8Outcome, Int8Trial
    from bloodtwin_core.network.checkpoint import Checkpoint

INT8_COLUMNS = {
    "file": "model.onnx has 32-bit weights, model_int8.onnx 8-bit ones",
    "MAE AT30": "Mean absolute error 30 minutes ahead on the same validation windows, mg/dL",
    "ms per window": "Median for one window on one thread of this machine",
    "kB": "Size of the file",
}


def export_page(path: Path, sha256: str, checkpoint: "Checkpoint") -> Metadata:
    """Where the file is, and what goes in and comes out."""
    return {
        **_file_facts(path),
        "input": f"{INPUT}: float32 [batch, {checkpoint.lookback}, {_width(checkpoint)}], physical units",
        **(_wearer_past(checkpoint, checkpoint.lookback) if path.suffix == ".onnx" else {}),
        "output": _output(checkpoint),
        **(_sureness(checkpoint) if path.suffix == ".onnx" else {}),
        **_origin(sha256, checkpoint),
    }


def streaming_page(path: Path, sha256: str, checkpoint: "Checkpoint") -> Metadata:
    """The same for one record at a time: the state goes in and comes out as well."""
    from bloodtwin_core.export import state_shapes

    shapes = {
        name: f"float32 [{', '.join(str(size) for size in shape)}]" for name, shape in state_shapes(checkpoint).items()
    }
    return {
        **_file_facts(path),
        "input": f"{READING}: float32 [batch, {_width(checkpoint)}], physical units",
        **_wearer_past(checkpoint),
        "states in": "; ".join(f"{name}: {shape}, zero at the start" for name, shape in shapes.items()),
        "output": _output(checkpoint),
        **_sureness(checkpoint),
        "states out": "; ".join(f"{name}{STATE_OUT}: {shape}" for name, shape in shapes.items()),
        **_origin(sha256, checkpoint),
    }


def int8_page(outcome: "Int8Outcome") -> Metadata:
    """Whether there is a model_int8.onnx and why, and how both files did."""
    page: Metadata = {"model_int8.onnx": f"{'written' if outcome.written else 'not written'}: {outcome.reason}"}
    trial = outcome.trial
    if trial is None:
        return page
    return {
        **page,
        "32 and 8 bits": _int8_table(trial),
        "int8 cost in MAE AT30 (mg/dL)": round(trial.cost, 4),
        "int8 trial windows (validate)": trial.windows,
    }


def _int8_table(trial: "Int8Trial") -> dg.TableMetadataValue:
    rows: list[dict[str, CellValue]] = [
        {"file": "model.onnx", "MAE AT30": trial.mae_at_30, "ms per window": trial.milliseconds, "kB": trial.kilobytes},
        {
            "file": "model_int8.onnx",
            "MAE AT30": trial.int8_mae_at_30,
            "ms per window": trial.int8_milliseconds,
            "kB": trial.int8_kilobytes,
        },
    ]
    return table(rows, INT8_COLUMNS, decimals=3)


def _file_facts(path: Path) -> Metadata:
    return {"file": dg.PathMetadataValue(path.absolute()), "size (kB)": round(path.stat().st_size / 1e3)}


def _output(checkpoint: "Checkpoint") -> str:
    limits = f"{GLUCOSE_LIMITS.low:g} to {GLUCOSE_LIMITS.high:g} {GLUCOSE_LIMITS.unit}"
    return f"{OUTPUT}: float32 [batch, {checkpoint.horizon}], {limits}"


def _sureness(checkpoint: "Checkpoint") -> Metadata:
    """The outputs that say how sure a forecast is."""
    levels = ", ".join(f"{100 * level:g} %" for level in QUANTILE_LEVELS)
    horizon = checkpoint.horizon
    page = {"quantiles": f"{QUANTILES}: float32 [batch, {horizon}, {len(QUANTILE_LEVELS)}], mg/dL; {levels}"}
    if checkpoint.model.ensemble_size > 1:
        page["disagreement"] = f"{DISAGREEMENT}: float32 [batch, {horizon}], mg/dL, between the members"
    return {**page}


def _width(checkpoint: "Checkpoint") -> int:
    return len(without_past(checkpoint.forecaster.features))


def _wearer_past(checkpoint: "Checkpoint", *lookback: int) -> Metadata:
    """What an ONNX file may be told of the wearer, of a network that reads it, for each record of a lookback or one."""
    past = checkpoint.forecaster.features[_width(checkpoint) :]
    shape = ", ".join(map(str, ("batch", *lookback, len(past))))
    told = f"{WEARER_PAST}: float32 [{shape}], may be left out; {', '.join(past)}"
    return {"input that may be left out": told} if past else {}


def _origin(sha256: str, checkpoint: "Checkpoint") -> Metadata:
    features = ", ".join(without_past(checkpoint.forecaster.features))
    return {"features": features, "checkpoint sha256": checkpoint.sha256, "sha256": sha256}
