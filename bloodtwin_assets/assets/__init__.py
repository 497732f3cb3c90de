"""The eight assets, in the order in which data flows: data, training, evaluation, exports."""
