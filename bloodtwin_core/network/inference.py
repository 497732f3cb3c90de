"""Running a network for its forecasts alone."""

from collections.abc import Iterator
from contextlib import contextmanager

import torch

from bloodtwin_core.network.forecaster import GlucoseForecaster


@contextmanager
def inference(forecaster: GlucoseForecaster, device: torch.device | str) -> Iterator[None]:
    """Meanwhile, the network on the device, without dropout and gradients, in full 32-bit arithmetic.

    cuDNN's TF32 arithmetic is off, since its 10-bit mantissa would show in the fourth digit of a forecast.
    """
    was_training = forecaster.training
    forecaster.to(device).eval()
    try:
        with torch.inference_mode(), torch.backends.cudnn.flags(allow_tf32=False):
            yield
    finally:
        forecaster.train(was_training)
