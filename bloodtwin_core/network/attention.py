"""Temporal attention: what a forecast takes, beside the newest hidden state, from those of the whole lookback."""

import math

import torch
from torch import Tensor, nn


class TemporalAttention(nn.Module):
    """Adds to each hidden state a weighted mean of those of its last lookback records, its own among them.

    One head, after Luong, Pham and Manning (EMNLP 2015, "general" score): the newest state asks, all states answer, and
    the score has a learned part for the age of the state. The mean goes through a layer that starts at zero, so that an
    untrained network is the one without attention.
    """

    def __init__(self, hidden_size: int, lookback: int) -> None:
        super().__init__()
        self.lookback = lookback
        self.query = nn.Linear(hidden_size, hidden_size, bias=False)
        self.age_score = nn.Parameter(torch.zeros(lookback))
        self.output = nn.Linear(hidden_size, hidden_size)
        nn.init.zeros_(self.output.weight)
        nn.init.zeros_(self.output.bias)

    def forward(self, hidden: Tensor) -> Tensor:
        """The last step's state with what it attends to, [window, hidden], from [window, step, hidden]."""
        context = self.weights(hidden).unsqueeze(1) @ hidden[:, -self.lookback :]
        attended: Tensor = hidden[:, -1] + self.output(context.squeeze(1))
        return attended

    def weights(self, hidden: Tensor) -> Tensor:
        """How much the last step attends to each of the last lookback steps, [window, step], oldest first; sum 1."""
        past = hidden[:, -self.lookback :]
        scores = past @ self.asked(hidden[:, -1]).unsqueeze(-1)
        return (scores.squeeze(-1) + self.age_score[: past.shape[1]].flip(0)).softmax(dim=-1)

    def at_all_steps(self, hidden: Tensor) -> Tensor:
        """Every state of a dense scan with what it attends to, same shape, [chunk, step, hidden].

        A step sees itself and at most lookback - 1 steps before it. A lookback of steps asks at a time, so that memory
        grows with the length of a chunk and not with its square.
        """
        asked = self.asked(hidden)
        starts = range(0, hidden.shape[1], self.lookback)
        context = [self._context(asked[:, at : at + self.lookback], hidden, at) for at in starts]
        attended: Tensor = hidden + self.output(torch.cat(context, dim=1))
        return attended

    def _context(self, asked: Tensor, hidden: Tensor, at: int) -> Tensor:
        """What the steps from `at` on, which ask for asked [chunk, asking, hidden], see of hidden; same shape."""
        first, last = max(0, at - self.lookback + 1), at + asked.shape[1]
        seen = hidden[:, first:last]
        scores = asked @ seen.transpose(1, 2) + self._age_scores(asked.shape[1], last - first)
        context: Tensor = scores.softmax(dim=-1) @ seen
        return context

    def asked(self, hidden: Tensor) -> Tensor:
        """What each state asks for, same shape; its product with a state is that state's score."""
        asked: Tensor = self.query(hidden) / math.sqrt(hidden.shape[-1])
        return asked

    def _age_scores(self, asking: int, steps: int) -> Tensor:
        """The score for age of each of the last asking steps (row) looking at each step (column), [asking, step].

        Minus infinity where a step may not look.
        """
        # Read along a diagonal the age grows by one. So the rows are windows that slide along the scores in order of
        # falling age, and not a lookup: the gradient of a lookup took half of a training step on a GPU.
        known = self.age_score[:steps].flip(0)
        falling = nn.functional.pad(known, (steps - len(known), asking - 1), value=-torch.inf)
        return falling.unfold(0, steps, 1).flip(0)
