"""Errors for unseen people, and by days of their own: `python -m benchmarks.unseen_people --help`."""
