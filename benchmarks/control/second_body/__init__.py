"""The controllers on a body that is not ours: simglucose's patients, in an environment of their own (README.md)."""
