"""The files that leave."""

from pydantic import Field

from bloodtwin_core.config.group import LARGEST_TOLERANCE, SettingsGroup


class ExportSettings(SettingsGroup):
    """The files that leave."""

    opset: int = Field(default=18, ge=17, le=23, description="ONNX operator set.")
    parity_windows: int = Field(
        default=256, ge=1, le=100_000, description="Real test windows on which exports and checkpoint must agree."
    )
    parity_tolerance: float = Field(
        default=1e-3, gt=0.0, le=LARGEST_TOLERANCE, description="Largest difference allowed (mg/dL)."
    )
    int8: bool = Field(
        default=False,
        description="Also write model_int8.onnx, weights in 8 bits: smaller and faster, LSTM only.",
    )
    int8_max_cost: float = Field(
        default=0.2, gt=0.0, le=50.0, description="It is kept only if it adds less than this to MAE AT30 (mg/dL)."
    )
    int8_windows: int = Field(
        default=4096, ge=1, le=1_000_000, description="Validation windows, evenly spread, on which that is measured."
    )
