"""The network: a recurrent layer stack over five-minute records and a small decoder.

It takes and gives physical units; the scaler is part of it. It forecasts the change from the last reading,
so an untrained network starts near persistence rather than at 0 mg/dL.
"""

import torch
from torch import Tensor, nn

from bloodtwin_core.config import Cell, ModelSettings
from bloodtwin_core.records import FEATURES, GLUCOSE_LIMITS, Feature
from bloodtwin_core.scaling import FeatureScaler


class GlucoseForecaster(nn.Module):
    """Forecasts the next horizon readings from records of the eight features."""

    centre: Tensor
    scale: Tensor

    def __init__(self, settings: ModelSettings, horizon: int, scaler: FeatureScaler) -> None:
        super().__init__()
        recurrent = nn.LSTM if settings.cell is Cell.lstm else nn.GRU
        self.recurrent = recurrent(
            input_size=len(FEATURES),
            hidden_size=settings.hidden_size,
            num_layers=settings.num_layers,
            dropout=settings.dropout if settings.num_layers > 1 else 0.0,
            batch_first=True,
        )
        self.decoder = nn.Sequential(
            nn.Linear(settings.hidden_size, settings.hidden_size),
            nn.ReLU(),
            nn.Dropout(settings.dropout),
            nn.Linear(settings.hidden_size, horizon),
        )
        self.register_buffer("centre", torch.tensor(scaler.centre, dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(scaler.scale, dtype=torch.float32))

    @property
    def glucose_scale(self) -> Tensor:
        """mg/dL that one unit of the network's output stands for."""
        return self.scale[Feature.bg.column]

    def forward(self, window: Tensor) -> Tensor:
        """Forecast (mg/dL), [batch, horizon], from whole lookbacks [batch, lookback, feature], within the glucose limits."""
        hidden, _ = self.recurrent(self.scaled(window))
        change = self.decoder(hidden[:, -1]) * self.glucose_scale
        forecast = window[:, -1, Feature.bg.column].unsqueeze(-1) + change
        return forecast.clamp(GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high)

    def change_at_every_step(self, records: Tensor) -> Tensor:
        """Forecast change from each record's glucose, in units of glucose_scale, [batch, step, horizon].

        records: [batch, step, feature]. This is the dense scan: step t has seen records 0 to t only.
        """
        hidden, _ = self.recurrent(self.scaled(records))
        return self.decoder(hidden)

    def scaled(self, records: Tensor) -> Tensor:
        """Records in units of the scaler, same shape."""
        return (records - self.centre) / self.scale
