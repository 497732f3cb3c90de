"""What the page shows of a wearer: the view that is drawn, how good yesterday's forecasts were, what the model is."""
