"""Whole runs: with and without Dagster, at full size, at a hundred times the records."""
