"""Pages of torchscript_export and onnx_export."""

from pathlib import Path

import dagster as dg

from bloodtwin_assets.pages.parts import Page
from bloodtwin_core.checkpoint import Checkpoint
from bloodtwin_core.export import INPUT, OUTPUT
from bloodtwin_core.records import FEATURES, GLUCOSE_LIMITS


def export_page(path: Path, sha256: str, checkpoint: Checkpoint) -> Page:
    """Where the file is, and what goes in and comes out."""
    limits = f"{GLUCOSE_LIMITS.low:g} to {GLUCOSE_LIMITS.high:g} {GLUCOSE_LIMITS.unit}"
    return {
        "file": dg.PathMetadataValue(path.absolute()),
        "size (kB)": round(path.stat().st_size / 1e3),
        "input": f"{INPUT}: float32 [batch, {checkpoint.lookback}, {len(FEATURES)}], physical units",
        "output": f"{OUTPUT}: float32 [batch, {checkpoint.horizon}], {limits}",
        "features": ", ".join(FEATURES),
        "checkpoint sha256": checkpoint.sha256,
        "sha256": sha256,
    }
