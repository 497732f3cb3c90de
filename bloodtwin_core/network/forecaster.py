"""The network: a forecast of the next readings and of how sure it is, from five-minute records.

It takes and gives physical units; the scaler is part of it. It forecasts the change from the last reading,
so an untrained network starts near persistence rather than at 0 mg/dL.
"""

from typing import NamedTuple, cast

import torch
from torch import Tensor, nn

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.config import ModelSettings
from bloodtwin_core.network.levels import QUANTILE_LEVELS
from bloodtwin_core.network.member import Member
from bloodtwin_core.network.quantiles import monotone
from bloodtwin_core.records import GLUCOSE_LIMITS, GLUCOSE_RANGES, Feature
from bloodtwin_core.windows.scaler import FeatureScaler


class NetworkForecast(NamedTuple):
    """Forecasts within the glucose limits and how sure they are, all in mg/dL.

    prediction: point forecast, [window, horizon]; quantiles: calibrated, rising with QUANTILE_LEVELS,
    [window, horizon, level]; disagreement: standard deviation of the members' point forecasts, [window, horizon].
    """

    prediction: Tensor
    quantiles: Tensor
    disagreement: Tensor


class GlucoseForecaster(nn.Module):
    """Forecasts the next horizon readings from records of the scaler's features, as the mean over its members.

    Each quantile, too, is the mean of the members' quantiles (Lichtendahl, Grushka-Cockayne and Winkler, Management
    Science 59 (2013) 1594, say why that beats the mixture of their distributions).
    A basal rate, a bolus and what else stays unknown (FeatureRow) may be NaN; any other NaN makes the forecast NaN.
    """

    centre: Tensor
    scale: Tensor
    offsets: Tensor
    range_starts: Tensor

    def __init__(self, settings: ModelSettings, horizon: int, scaler: FeatureScaler, lookback: int) -> None:
        """lookback: records a forecast looks back on; only attention needs to know."""
        super().__init__()
        self.features = scaler.columns
        self.members = nn.ModuleList(
            Member(settings, horizon, lookback, self.features) for _ in range(settings.ensemble_size)
        )
        self.register_buffer("centre", torch.tensor(scaler.centre, dtype=torch.float32))
        self.register_buffer("scale", torch.tensor(scaler.scale, dtype=torch.float32))
        # mg/dL to add to each quantile, by glucose range of the last reading; training/calibration.py finds them.
        self.register_buffer("offsets", torch.zeros(len(GLUCOSE_RANGES), horizon, len(QUANTILE_LEVELS)))
        starts = torch.tensor([glucose.lowest for glucose in GLUCOSE_RANGES[1:]], dtype=torch.float32)
        self.register_buffer("range_starts", starts, persistent=False)

    @property
    def each_member(self) -> list[Member]:
        """The members of the ensemble, one or more."""
        return [cast(Member, member) for member in self.members]

    @property
    def glucose_scale(self) -> Tensor:
        """mg/dL that one unit of the network's output stands for."""
        return self.scale[Feature.bg.column]

    def forward(self, window: Tensor) -> Tensor:
        """Point forecasts within the glucose limits (mg/dL), [window, horizon], from [window, lookback, feature]."""
        scaled = self.scaled(window)
        change = torch.stack([member.point(scaled) for member in self.each_member]).mean(dim=0)
        return self._glucose(change, window[:, -1, Feature.bg.column])

    def forecast(self, window: Tensor) -> NetworkForecast:
        """Point forecasts and how sure they are, from lookbacks [window, lookback, feature]."""
        return self.forecast_of(self.change(window), window[:, -1, Feature.bg.column])

    def attention(self, window: Tensor) -> Tensor:
        """How much a forecast attends to the state after each record of its lookback, [window, lookback].

        The mean over the members, oldest record first; a window's weights sum to 1.
        Raises SettingsError if the network was built without attention.
        """
        scaled, weights_of_members = self.scaled(window), []
        for member in self.each_member:
            if member.attention is None:
                raise SettingsError("this network has no attention to show. Train one with model.attention: true")
            weights_of_members.append(member.attention.weights(member.hidden(scaled)))
        return torch.stack(weights_of_members).mean(dim=0)

    def forecast_at_steps(self, records: Tensor, at: Tensor) -> NetworkForecast:
        """The same for each chosen record of a dense scan; records and at as in change_at_steps."""
        return self.forecast_of(self.change_at_steps(records, at), records[..., Feature.bg.column][at])

    def change(self, window: Tensor) -> Tensor:
        """Change from the last reading in units of glucose_scale, [member, window, level, horizon]."""
        scaled = self.scaled(window)
        return torch.stack([member(scaled) for member in self.each_member])

    def change_at_steps(self, records: Tensor, at: Tensor) -> Tensor:
        """Change from each chosen record's glucose, in units of glucose_scale: the dense scan.

        records: [chunk, step, feature]; at: bool [chunk, step]. Returns [member, chosen, level, horizon], chosen in
        the order of the true places of at. The forecast at step t has seen records 0 to t of its chunk only.
        """
        scaled = self.scaled(records)
        return torch.stack([member.at_steps(scaled, at) for member in self.each_member])

    @staticmethod
    def point_of(change: Tensor) -> Tensor:
        """The point forecast's change, [window, horizon], from changes [member, window, level, horizon]."""
        return change[:, :, change.shape[2] // 2].mean(dim=0)

    def forecast_of(self, change: Tensor, last: Tensor) -> NetworkForecast:
        """Forecasts from changes [member, window, level, horizon] and last readings, mg/dL [window]."""
        medians = change[:, :, change.shape[2] // 2]
        quantiles = last[:, None, None] + change.mean(dim=0) * self.glucose_scale
        offsets = self.offsets[torch.bucketize(last.contiguous(), self.range_starts, right=True)].transpose(1, 2)
        calibrated = monotone(quantiles + offsets).clamp(GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high)
        return NetworkForecast(
            prediction=self._glucose(self.point_of(change), last),
            quantiles=calibrated.transpose(1, 2),
            disagreement=medians.std(dim=0, correction=0) * self.glucose_scale,
        )

    def scaled(self, records: Tensor) -> Tensor:
        """Records in units of the scaler, same shape."""
        return (records - self.centre) / self.scale

    def _glucose(self, change: Tensor, last: Tensor) -> Tensor:
        forecast = last.unsqueeze(-1) + change * self.glucose_scale
        return forecast.clamp(GLUCOSE_LIMITS.low, GLUCOSE_LIMITS.high)
