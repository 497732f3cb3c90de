"""One member of a forecaster: recurrent layers over scaled records, and a decoder of their states."""

import torch
from torch import Tensor, nn

from bloodtwin_core.config import ModelSettings
from bloodtwin_core.network.attention import TemporalAttention
from bloodtwin_core.network.cell import CELLS
from bloodtwin_core.network.levels import MEDIAN, QUANTILE_LEVELS
from bloodtwin_core.network.quantiles import FIRST_INCREMENT, quantiles_from
from bloodtwin_core.records import FEATURES, feature_row

RECORDS_PER_PIECE = 16
"""Records read at once where only the last forecast counts: what so few leave stays in the processor's cache. Without
attention two cores then forecast 2,190 windows a second instead of 1,600 (docs/performance.md)."""


class Member(nn.Module):
    """Changes from the last reading in units of the glucose scale, [..., level, horizon], from scaled records.

    There are as many levels as QUANTILE_LEVELS, or the point forecast alone where the settings want no quantiles.
    """

    def __init__(
        self, settings: ModelSettings, horizon: int, lookback: int, features: tuple[str, ...] = FEATURES
    ) -> None:
        super().__init__()
        self.recurrent = CELLS[settings.cell].layers(
            input_size=len(features),
            hidden_size=settings.hidden_size,
            num_layers=settings.num_layers,
            dropout=settings.dropout if settings.num_layers > 1 else 0.0,
            batch_first=True,
        )
        self.levels, self.horizon = len(QUANTILE_LEVELS) if settings.quantiles else 1, horizon
        to_levels = nn.Linear(settings.hidden_size, self.levels * horizon)
        if settings.quantiles:
            by_level = to_levels.bias.detach().view(self.levels, horizon)
            by_level[torch.arange(self.levels) != MEDIAN] = FIRST_INCREMENT
        self.decoder = nn.Sequential(
            nn.Linear(settings.hidden_size, settings.hidden_size), nn.ReLU(), nn.Dropout(settings.dropout), to_levels
        )
        stays_unknown = [feature_row(name).stays_unknown for name in features]
        self._insulin = [column for column in range(len(FEATURES)) if stays_unknown[column]]
        self._extra = stays_unknown[len(FEATURES) :]
        self.unknown_insulin = nn.Parameter(torch.zeros(len(self._insulin)))
        self.unknown_extra = nn.Parameter(torch.zeros(sum(self._extra))) if any(self._extra) else None
        self.attention = TemporalAttention(settings.hidden_size, lookback) if settings.attention else None

    def forward(self, scaled: Tensor) -> Tensor:
        """Changes [window, level, horizon] from lookbacks [window, lookback, feature]."""
        return self.quantiles(self.decoder(self.last_state(scaled)))

    def point(self, scaled: Tensor) -> Tensor:
        """Changes of the point forecast alone, [window, horizon], from lookbacks [window, lookback, feature]."""
        raw: Tensor = self.decoder(self.last_state(scaled))
        return raw.view(-1, self.levels, self.horizon)[:, self.levels // 2]

    def at_steps(self, scaled: Tensor, at: Tensor) -> Tensor:
        """Changes [chosen, level, horizon] at the true places of at [chunk, step], from [chunk, step, feature]."""
        # Decoding every step and choosing then keeps one shape; for each new shape oneDNN compiles and keeps code,
        # which took 400 MB more each epoch. What follows the decoder is no such code.
        states = self.hidden(scaled)
        states = states if self.attention is None else self.attention.at_all_steps(states)
        return self.quantiles(self.decoder(states)[at])

    def last_state(self, scaled: Tensor) -> Tensor:
        """What a forecast from the last record is decoded from, [window, hidden]."""
        states = self.hidden(scaled) if self.training else self._needed_states(scaled)
        last: Tensor = states[:, -1] if self.attention is None else self.attention(states)
        return last

    def hidden(self, scaled: Tensor) -> Tensor:
        """The top layer's state after each record, [chunk, step, hidden], from [chunk, step, feature]."""
        states: Tensor = self.recurrent(self.with_unknown_insulin(scaled))[0]
        return states

    def _needed_states(self, scaled: Tensor) -> Tensor:
        """What hidden gives, read piece by piece; without attention the last piece alone."""
        pieces: list[Tensor] = []
        carried = None
        for piece in torch.split(self.with_unknown_insulin(scaled), RECORDS_PER_PIECE, dim=1):
            states, carried = self.recurrent(piece, carried)
            pieces = [states] if self.attention is None else [*pieces, states]
        return torch.cat(pieces, dim=1)

    def with_unknown_insulin(self, scaled: Tensor) -> Tensor:
        """The records with a learned constant for each unknown that may be; other unknowns stay NaN."""
        return torch.where(scaled.isnan(), self.instead_of_unknown, scaled)

    @property
    def instead_of_unknown(self) -> Tensor:
        """What stands for an unknown, [feature]: NaN except for insulin and extra features that stay unknown."""
        before, after = self._insulin[0], len(FEATURES) - self._insulin[-1] - 1
        eight = nn.functional.pad(self.unknown_insulin, (before, after), value=float("nan"))
        if not self._extra:
            return eight
        extra = eight.new_full((len(self._extra),), float("nan"))
        if self.unknown_extra is not None:
            extra = extra.masked_scatter(torch.tensor(self._extra, device=extra.device), self.unknown_extra)
        return torch.cat([eight, extra])

    def quantiles(self, raw: Tensor) -> Tensor:
        """Changes [window, level, horizon] from the decoder's outputs [window, level * horizon]."""
        by_level = raw.float().view(-1, self.levels, self.horizon)
        return quantiles_from(by_level) if self.levels > 1 else by_level
