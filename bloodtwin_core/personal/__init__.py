"""A fine-tuned copy for each person: training, storage, evaluation."""
