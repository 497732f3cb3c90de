"""The graph with each step as a process of its own, as whoever changes its executor has it."""

import dagster as dg

from bloodtwin_assets.definitions import build_defs


def stepwise() -> dg.Definitions:
    """Steps are forked from one process that has imported everything."""
    built = build_defs()
    forked = dg.multiprocess_executor.configured({"start_method": {"forkserver": {"preload_modules": [__name__]}}})
    return dg.Definitions(
        assets=built.assets, asset_checks=built.asset_checks, resources=built.resources, executor=forked
    )


defs = stepwise()
