"""The base model that comes with bloodTwin: forecasts without any training.

api.py is the way in; shipping.py copies a finished run into the package, card.py writes the model card and notices.py
knows whose data it was. `python -m bloodtwin_core.pretrained ARTIFACTS` ships a run.
"""

from bloodtwin_core.pretrained.api import base_forecaster, base_streaming_forecaster, from_glucose

__all__ = ["base_forecaster", "base_streaming_forecaster", "from_glucose"]
