"""How light a forecaster is."""
