"""The live service: load, replayed days, kills, memory, and its forecasts of days that were tested."""
