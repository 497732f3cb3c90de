"""The base model that comes with bloodTwin: forecasts without any training.

api.py is the way in, files.py knows the files and their sha256. `bloodtwin release ARTIFACTS` puts a finished run here.
"""

from bloodtwin_core.pretrained.api import base_forecaster, base_streaming_forecaster, from_glucose

__all__ = ["base_forecaster", "base_streaming_forecaster", "from_glucose"]
