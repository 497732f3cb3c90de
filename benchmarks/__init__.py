"""Measurements that anyone can repeat: `make bench` (quick) and `make bench-full` (full size).

Each compares two things in one run on one machine, so that the ratio holds on another. No test depends on a time.
"""
