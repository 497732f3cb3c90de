"""Which trained model others forecast with."""
