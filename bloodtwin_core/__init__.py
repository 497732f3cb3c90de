"""bloodTwin's science: records, splits, windows, network, evaluation and exports.

Nothing in this package imports Dagster; it can be used as a library.
"""

__version__ = "0.1.0"
