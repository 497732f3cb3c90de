"""Whether a new week is like the weeks that a model learnt from.

week.py measures weeks of records, forecasts.py those of forecasts, ledger.py keeps what was found and who looked at it,
judging.py compares.
"""
