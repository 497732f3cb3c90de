"""Live forecasts for those who run the graph: the latest ones, and whether yesterday's were what the batch gives."""
