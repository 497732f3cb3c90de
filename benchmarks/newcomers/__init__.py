"""Error for people whom the network never saw, and by days of their own; `python -m benchmarks.newcomers --help`."""
