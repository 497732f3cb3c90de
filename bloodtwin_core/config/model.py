"""The network."""

from enum import StrEnum

from pydantic import Field

from bloodtwin_core.config.group import SettingsGroup


class Cell(StrEnum):
    """The recurrent layer."""

    lstm = "lstm"
    gru = "gru"


class ModelSettings(SettingsGroup):
    """The network."""

    name: str = Field(
        default="bloodtwin_unified_lstm",
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
        max_length=100,
        description="Folder under the artifacts root.",
    )
    cell: Cell = Field(default=Cell.lstm, description="lstm or gru.")
    hidden_size: int = Field(
        default=128, ge=1, le=1024, description="Units per recurrent layer; above 128 cuDNN's fast kernels stop."
    )
    num_layers: int = Field(default=2, ge=1, le=8, description="Recurrent layers.")
    dropout: float = Field(
        default=0.2, ge=0.0, lt=1.0, description="Dropout between recurrent layers and in the decoder."
    )
    quantiles: bool = Field(
        default=True,
        description="Train the quantiles of each forecast (5 to 95 %) with it; else bands rest on validation alone.",
    )
    ensemble_size: int = Field(
        default=1,
        ge=1,
        le=16,
        description="Networks trained side by side, whose mean is the forecast; time grows with their number.",
    )
    attention: bool = Field(
        default=True, description="Let a forecast attend to the hidden states of its whole lookback."
    )
    past: bool = Field(
        default=False,
        description="Read what a wearer's own past says of them beside the features, once a week of it is known.",
    )
