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
        """Forecast within the glucose limits (mg/dL), [batch, horizon], from lookbacks [batch, lookback, feature]."""
        forecast = window[:, -1, Feature.bg.column].unsqueeze(-1) + self.change(window) * self.glucose_scale
        return forecast.clamp(GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high)

    def change(self, window: Tensor) -> Tensor:
        """Change from the last reading in units of glucose_scale, [batch, horizon], from [batch, lookback, feature]."""
        hidden, _ = self.recurrent(self.scaled(window))
        decoded: Tensor = self.decoder(hidden[:, -1])
        return decoded

    def change_at_steps(self, records: Tensor, at: Tensor) -> Tensor:
        """Change from each chosen record's glucose, in units of glucose_scale: the dense scan.

        records: [chunk, step, feature]; at: bool [chunk, step]. Returns [chosen, horizon], in the order of
        the true places of at. The forecast at step t has seen records 0 to t of its chunk only.
        """
        hidden, _ = self.recurrent(self.scaled(records))
        # Decoding every step and choosing then keeps one shape; for each new shape oneDNN compiles and keeps code,
        # which took 400 MB more each epoch.
        decoded: Tensor = self.decoder(hidden)[at]
        return decoded

    def scaled(self, records: Tensor) -> Tensor:
        """Records in units of the scaler, same shape."""
        return (records - self.centre) / self.scale
