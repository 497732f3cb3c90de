"""Measurements that anyone can repeat: `make bench` (quick) and `make bench-full` (full size).

Each compares two things in one run on one machine, so that the ratio holds on another. No test depends on a time.
A whole training runs the stages of bloodtwin_core.pipeline. Single steps, such as fit or the cutting of windows, are
called and timed by themselves; so are the networks of the folds and variants of a study, which share one import.
"""
