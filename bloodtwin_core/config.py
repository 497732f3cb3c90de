"""Every setting, once: what it means, its unit, its limits and its default.

The Dagster resources are made from these models, so a limit here is a limit in the Launchpad too. Lists are plain
defaults, which pydantic copies for each model, because the Launchpad shows no default that a factory makes.
"""

from enum import StrEnum
from typing import Annotated, Any

from pydantic import Field, model_validator

from bloodtwin_core.settings_group import SettingsGroup
from bloodtwin_core.source_settings import (
    Azt1dSettings,
    EventsSettings,
    FetchSettings,
    LearnAlsoFrom,
    NightscoutSettings,
    SimulatorSettings,
    TandemSettings,
    VendorSettings,
)

PRETRAINED = "pretrained"
"""training.start_from for the base model that comes with the package."""


class Cell(StrEnum):
    """The recurrent layer."""

    lstm = "lstm"
    gru = "gru"


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


class DataSettings(SettingsGroup):
    """Where records come from and how they are cut into windows."""

    source: str = Field(
        default="simulator",
        description="simulator, azt1d, bloodbank, brist1d, events, tandem, nightscout, vendor or t1d_uom.",
    )
    root: str = Field(
        default="",
        description="Folder of the source's files, relative to where the command runs. The simulator needs none.",
    )
    pump_ids: list[str] = Field(default=[], description="Pumps to use; empty means all that are there.")
    held_out_pump_ids: list[str] = Field(
        default=[],
        description="Pumps that are tested but neither trained nor validated on, as a newcomer would be.",
    )
    learn_also_from: list[LearnAlsoFrom] = Field(
        default=[],
        description="Further sources, [{source: brist1d, root: folder, pump_ids: []}], all of whose records are "
        "trained on; none is tested. Their pump ids begin with their source's name.",
    )
    wearers: dict[str, list[str]] = Field(
        default={},
        description="Pumps that one person wore, by a name of your choice: {anna: ['881235', '901161']}. "
        "Overlaps across their splits are reported as leaks.",
    )
    join_wearers: bool = Field(
        default=False,
        description="Make one history of the pumps of each wearer, under the wearer's name, for sources of events.",
    )
    simulator: SimulatorSettings = Field(default_factory=SimulatorSettings, description="The virtual wearers.")
    azt1d: Azt1dSettings = Field(default_factory=Azt1dSettings, description="The AZT1D data set.")
    fetch: FetchSettings = Field(default_factory=FetchSettings, description="How a cloud or site is asked.")
    tandem: TandemSettings = Field(default_factory=TandemSettings, description="The account at Tandem Source.")
    nightscout: NightscoutSettings = Field(default_factory=NightscoutSettings, description="The Nightscout site.")
    vendor: VendorSettings = Field(default_factory=VendorSettings, description="Files exported from a vendor's site.")
    events: EventsSettings = Field(default_factory=EventsSettings, description="Raw events in three files a pump.")
    train_fraction: float = Field(
        default=0.70, gt=0.0, lt=1.0, description="Oldest share of each pump's records, for training."
    )
    validate_fraction: float = Field(
        default=0.15, gt=0.0, lt=1.0, description="Next share, for choosing; the rest is for testing."
    )
    lookback: int = Field(
        default=288, ge=2, le=2016, description="Records a forecast looks back on (5 min each; 288 = 24 h)."
    )
    horizon: int = Field(default=12, ge=1, le=24, description="Records forecast (5 min each; 12 = 60 min).")
    stride: int = Field(default=1, ge=1, le=288, description="Training uses every stride-th forecast origin.")
    max_gap_hours: float = Field(
        default=15.0, gt=0.0, le=48.0, description="A longer gap in glucose (h) ends a segment."
    )
    max_reading_age_minutes: float = Field(
        default=15.0, ge=0.0, le=60.0, description="Oldest last reading (min) from which a forecast may start."
    )
    min_measured_share: float = Field(
        default=0.90,
        ge=0.0,
        le=1.0,
        description="Smallest measured share of the lookback from which a forecast may start.",
    )

    @model_validator(mode="after")
    def _leaves_something_to_test(self) -> "DataSettings":
        if self.train_fraction + self.validate_fraction >= 1.0:
            raise ValueError(
                "data.train_fraction + data.validate_fraction must stay below 1, so that a test split remains"
            )
        return self

    @model_validator(mode="after")
    def _holds_whole_people_out(self) -> "DataSettings":
        for wearer, pumps in self.wearers.items():
            held_out, kept = (
                [pump for pump in pumps if (pump in self.held_out_pump_ids) is out] for out in (True, False)
            )
            if held_out and kept:
                raise ValueError(
                    f"data.held_out_pump_ids holds out {', '.join(held_out)} but not {', '.join(kept)}, which {wearer} "
                    "wore too (data.wearers), so that the network would know the person. Hold out all of their pumps"
                )
        return self


class ModelSettings(SettingsGroup):
    """The network."""

    name: str = Field(
        default="bloodtwin_unified_lstm",
        pattern=r"^[A-Za-z0-9_][A-Za-z0-9_.-]*$",
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
        default=False,
        description="Let a forecast attend to the hidden states of its whole lookback; no streaming export then.",
    )


class TrainingSettings(SettingsGroup):
    """How the network is fitted."""

    mode: TrainingMode = Field(
        default=TrainingMode.dense, description="dense (a forecast at every step of a chunk) or windowed."
    )
    batch_size: int = Field(default=128, ge=1, le=65_536, description="Windows per step in windowed mode.")
    chunk_batch_size: int = Field(default=8, ge=1, le=65_536, description="Chunks per step in dense mode.")
    chunk_length: int = Field(
        default=288, ge=16, le=8064, description="Records per chunk in dense mode (5 min each; 288 = 24 h)."
    )
    burn_in: int = Field(
        default=36,
        ge=0,
        le=2016,
        description="First records of a chunk that are not supervised, while the state settles.",
    )
    max_epochs: int = Field(default=50, ge=1, le=10_000, description="An epoch supervises every training origin once.")
    learning_rate: float = Field(default=3e-3, gt=0.0, le=1.0, description="AdamW's initial learning rate.")
    weight_decay: float = Field(
        default=1e-2, ge=0.0, le=1.0, description="AdamW's decay of the weights, per unit of learning rate."
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
    gradient_clip_val: float = Field(default=1.0, ge=0.0, description="Largest gradient norm; 0 clips nothing.")
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
    series_memory_mib: int = Field(
        default=1024,
        ge=0,
        description="Largest series (MiB) held on the device; a larger one is read chunk by chunk from its file.",
    )
    start_from: str = Field(
        default="",
        description="Weights (and their scaler) to begin with: empty for fresh ones, pretrained for the base model of "
        "the package, or the path of a checkpoint.",
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
    """How a copy of the unified network is fine-tuned for each pump; see personal.py."""

    max_epochs: int = Field(default=4, ge=1, le=10_000, description="An epoch visits the pump's training origins once.")
    chunk_batch_size: int = Field(
        default=4,
        ge=1,
        le=65_536,
        description="Chunks per step in dense mode; one pump has few, so few must make a step.",
    )
    learning_rate: float = Field(default=3e-4, gt=0.0, le=1.0, description="AdamW's initial learning rate.")
    early_stopping_patience: int = Field(
        default=2, ge=1, le=1000, description="Epochs without a better val_mae of this pump before stopping."
    )
    min_windows: int = Field(
        default=144,
        ge=1,
        description="A pump with fewer windows to learn from or to judge by keeps the unified network (144 = 12 h).",
    )


class EvaluationSettings(SettingsGroup):
    """How the forecaster is tested, and what it should reach."""

    batch_size: int = Field(default=256, ge=1, le=65_536, description="Windows per step when testing.")
    scan: bool = Field(
        default=False, description="Test by dense scan, many times as fast, where a sample of windows shows it agrees."
    )
    scan_tolerance: float = Field(default=1e-3, gt=0.0, description="Largest difference (mg/dL) that agrees.")
    target_mae_30min: float = Field(default=15.0, gt=0.0, description="MAE at 30 min should stay below (mg/dL, AT).")
    target_mae_60min: float = Field(default=20.0, gt=0.0, description="MAE at 60 min should stay below (mg/dL, AT).")
    target_rmse: float = Field(default=25.0, gt=0.0, description="RMSE over the first hour should stay below (mg/dL).")
    ridge_penalties: list[Annotated[float, Field(gt=0.0)]] = Field(
        default=[1e-3, 1e-2, 1e-1, 1.0],
        min_length=1,
        description="Ridge penalties, each above 0, tried on the validation split; per training window.",
    )
    ridge_max_windows: int = Field(
        default=120_000,
        ge=100,
        description="The ridge regression is fitted on at most so many training windows, evenly spread.",
    )
    bootstrap_samples: int = Field(
        default=1000,
        ge=100,
        le=100_000,
        description="Times that the test days are drawn anew for the 95 % confidence intervals.",
    )
    bootstrap_seed: int = Field(
        default=0, ge=0, le=2**32 - 1, description="The same seed draws the same days, so intervals repeat exactly."
    )


class ExportSettings(SettingsGroup):
    """The files that leave."""

    opset: int = Field(default=18, ge=17, le=23, description="ONNX operator set.")
    parity_windows: int = Field(
        default=256, ge=1, le=100_000, description="Real test windows on which exports and checkpoint must agree."
    )
    parity_tolerance: float = Field(default=1e-3, gt=0.0, description="Largest difference allowed (mg/dL).")
    int8: bool = Field(
        default=False,
        description="Also write model_int8.onnx, weights in 8 bits: smaller and faster, LSTM only.",
    )
    int8_max_cost: float = Field(
        default=0.2, gt=0.0, description="It is kept only if it adds less than this to MAE AT30 (mg/dL)."
    )
    int8_windows: int = Field(
        default=4096, ge=1, le=1_000_000, description="Validation windows, evenly spread, on which that is measured."
    )


class Settings(SettingsGroup):
    """All groups together; settings.json of a run."""

    data: DataSettings = Field(default_factory=DataSettings)
    model: ModelSettings = Field(default_factory=ModelSettings)
    training: TrainingSettings = Field(default_factory=TrainingSettings)
    personal: PersonalSettings = Field(default_factory=PersonalSettings)
    evaluation: EvaluationSettings = Field(default_factory=EvaluationSettings)
    export: ExportSettings = Field(default_factory=ExportSettings)

    def used(self, *groups: str) -> dict[str, Any]:
        """The settings of some groups as plain values, for the manifest."""
        return self.model_dump(mode="json", include=set(groups))
