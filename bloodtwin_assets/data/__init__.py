"""Records, scaler and windows."""
