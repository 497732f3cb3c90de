"""In-silico trials: wearers x controllers x scenarios, every controller on the same lives.

scenarios.py: what goes wrong. measures.py: what a life came to. running.py: all lives, in parallel. result.py: the
figures, paired differences and their intervals.
"""
