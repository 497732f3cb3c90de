"""How the network is fitted, for everybody and then for each pump."""

from enum import StrEnum
from typing import Annotated

from pydantic import Field, model_validator

from bloodtwin_core.config.group import SettingsGroup

PRETRAINED = "pretrained"
"""training.start_from for the base model that comes with the package."""

PUBLISHED = "published"
"""training.start_from for the version of this model that is published; fresh weights where none is yet."""


class TrainingMode(StrEnum):
    """How forecasts are supervised; see training/module.py."""

    dense = "dense"
    windowed = "windowed"


class Schedule(StrEnum):
    """How the learning rate falls."""

    plateau = "plateau"
    cosine = "cosine"


class Precision(StrEnum):
    """Arithmetic of training."""

    auto = "auto"
    float32 = "float32"
    bfloat16 = "bfloat16"
    float16 = "float16"


class Device(StrEnum):
    """Where training and evaluation run."""

    auto = "auto"
    cpu = "cpu"
    cuda = "cuda"
    mps = "mps"


class TrainingSettings(SettingsGroup):
    """How the network is fitted."""

    mode: TrainingMode = Field(
        default=TrainingMode.dense, description="dense (a forecast at every step of a chunk) or windowed."
    )
    batch_size: int = Field(default=128, ge=1, le=65_536, description="Windows per step in windowed mode.")
    chunk_batch_size: int = Field(default=8, ge=1, le=65_536, description="Chunks per step in dense mode.")
    chunk_length: int = Field(
        default=576,
        ge=16,
        le=8064,
        description="Records per chunk in dense mode (5 min each; 288 = 24 h); with attention at least data.lookback.",
    )
    burn_in: int = Field(
        default=72,
        ge=0,
        le=2016,
        description="First records of a chunk that are not supervised, while the state settles.",
    )
    max_epochs: int = Field(default=50, ge=1, le=10_000, description="An epoch supervises every training origin once.")
    learning_rate: float = Field(default=3e-3, gt=0.0, le=1.0, description="AdamW's initial learning rate.")
    weight_decay: float = Field(
        default=1e-2,
        ge=0.0,
        le=1.0,
        description="AdamW's decay of the weights, per unit of learning rate; none with past_alone.",
    )
    weight_averaging: float = Field(
        default=0.99,
        ge=0.0,
        lt=1.0,
        description="What is kept of the moving average of the weights at each step; 0 averages nothing.",
    )
    nearness: float = Field(
        default=0.0,
        ge=0.0,
        le=2.0,
        description="A step's part in the loss falls with its minutes ahead to this power; 0 counts all steps alike.",
    )
    glucose_spread: float = Field(
        default=0.0,
        ge=0.0,
        le=0.5,
        description="Glucose of each chunk times a random factor, whose logarithm spreads so far; 0 changes nothing.",
    )
    hide_basal: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Share of the chunks, by chance, whose basal is unknown to the network; 0 hides none.",
    )
    hide_bolus: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Share of the chunks, by chance, whose boluses are unknown to the network; 0 hides none.",
    )
    coarse_basal: float = Field(
        default=0.0,
        ge=0.0,
        le=1.0,
        description="Share of the chunks, by chance, whose basal is the mean of the clock hour before; 0 changes none.",
    )
    hide_past: float = Field(
        default=0.5,
        ge=0.0,
        le=1.0,
        description="Share of the chunks, by chance, whose wearer's past is unknown to a network with model.past.",
    )
    blur_past: float = Field(
        default=0.0,
        ge=0.0,
        le=2.0,
        description="Each input of a chunk's past is shifted at random, by so many of its scale; 0 changes nothing.",
    )
    past_alone: bool = Field(
        default=False,
        description="Learn what a wearer's past says on top of start_from's network, whose other weights stay: where "
        "nothing is known of a past it forecasts as before.",
    )
    band_widths: list[Annotated[float, Field(ge=0.5, le=2.0)]] = Field(
        default=[],
        description="Factor on the width of the bands at each step ahead, for people other than those in training; "
        "empty leaves them as calibrated.",
    )
    schedule: Schedule = Field(
        default=Schedule.plateau,
        description="The learning rate falls when val_mae stops falling (plateau), or over max_epochs (cosine).",
    )
    plateau_factor: float = Field(
        default=0.5, gt=0.0, lt=1.0, description="Learning rate factor when val_mae stops falling."
    )
    plateau_patience: int = Field(default=2, ge=0, le=1000, description="Epochs without a better val_mae before that.")
    early_stopping_patience: int = Field(
        default=5, ge=1, le=1000, description="Epochs without a better val_mae before stopping."
    )
    gradient_clip_val: float = Field(default=1.0, ge=0.0, le=1e6, description="Largest gradient norm; 0 clips nothing.")
    precision: Precision = Field(
        default=Precision.auto,
        description="auto (16-bit mixed on CUDA, bfloat16 for an LSTM on a CPU with AMX, else float32), float32, "
        "bfloat16 or float16 (these two mixed with 32-bit).",
    )
    device: Device = Field(default=Device.auto, description="auto takes CUDA, then MPS, then CPU.")
    threads: int = Field(
        default=0,
        ge=0,
        le=1024,
        description="CPU threads; 0 means one in dense mode, whose steps are too small to share, else all cores.",
    )
    processes: int = Field(
        default=1,
        ge=1,
        le=1024,
        description="Processes of this machine that share each step, one a GPU or CPU core, by torchrun; 1 trains in "
        "the run's own process.",
    )
    series_memory_mib: int = Field(
        default=1024,
        ge=0,
        le=1_048_576,
        description="Largest series (MiB) held on the device; a larger one is read chunk by chunk from its file.",
    )
    start_from: str = Field(
        default="",
        description="Weights (and their scaler) to begin with: empty for fresh ones, pretrained for the base model of "
        "the package, published for the version in use (fresh before the first), or the path of a checkpoint.",
    )
    seed: int = Field(default=42, ge=0, le=2**32 - 1, description="Seed of weights, dropout and chunk order.")
    resume: bool = Field(
        default=True, description="Go on from the last checkpoint of a broken run with the same settings and data."
    )

    @model_validator(mode="after")
    def _chunks_supervise_something(self) -> "TrainingSettings":
        if self.burn_in >= self.chunk_length:
            raise ValueError(
                "training.burn_in must be smaller than training.chunk_length, or no forecast is supervised"
            )
        return self


class PersonalSettings(SettingsGroup):
    """How a copy of the unified network is fine-tuned for each pump; see personal/training.py."""

    max_epochs: int = Field(default=4, ge=1, le=10_000, description="An epoch visits the pump's training origins once.")
    chunk_batch_size: int = Field(
        default=2,
        ge=1,
        le=65_536,
        description="Chunks per step in dense mode; one pump has few, so few must make a step.",
    )
    learning_rate: float = Field(
        default=1e-3,
        gt=0.0,
        le=1.0,
        description="AdamW's initial learning rate, which falls as a cosine over max_epochs.",
    )
    early_stopping_patience: int = Field(
        default=2, ge=1, le=1000, description="Epochs without a better val_mae of this pump before stopping."
    )
    strength: float = Field(
        default=0.5,
        gt=0.0,
        le=1.0,
        description="Share of the way from the unified weights to the fine-tuned ones at which a copy stands.",
    )
    min_windows: int = Field(
        default=144,
        ge=1,
        le=1_000_000,
        description="A pump with fewer windows to learn from or to judge by keeps the unified network (144 = 12 h).",
    )
