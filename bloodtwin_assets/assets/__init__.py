"""The assets, in the order in which data flows: ingestion, data, training, evaluation, exports."""
