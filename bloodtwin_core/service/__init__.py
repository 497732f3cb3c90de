"""The live service: readings in, forecasts out, on this machine alone unless told otherwise.

- store/: what came in and what was forecast, in SQLite;
- engine.py, desk.py: from stored events to forecasts, many wearers at once;
- web/: the HTTP interface; page/: the files of the page;
- demo/: a virtual wearer to look at.
"""
