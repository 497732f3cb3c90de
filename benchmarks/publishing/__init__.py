"""What publishing does: a year of weekly retraining, and a rollback while others forecast."""
