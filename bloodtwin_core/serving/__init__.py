"""A loaded export that answers: given these readings, what comes next?

forecaster = Forecaster.load(Path("artifacts/bloodtwin_unified_lstm/model.onnx"))
forecast = forecaster.forecast(records)
lowest, highest = forecast.band(0.80)

Or with carried state, one reading after the other:

stream = StreamingForecaster.load(Path("artifacts/bloodtwin_unified_lstm/model_streaming.onnx"))
stream.feed(records)
forecast = stream.forecast()
"""

from bloodtwin_core.serving.forecast import Forecast
from bloodtwin_core.serving.streaming import StreamingForecaster
from bloodtwin_core.serving.windowed import Forecaster

__all__ = ["Forecast", "Forecaster", "StreamingForecaster"]
