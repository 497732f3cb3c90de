"""What the published model does where something is decided by its forecasts."""
