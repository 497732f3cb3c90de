"""One check may be executed alone in the UI, also of those that are made together."""

from collections.abc import Iterator, Sequence

import dagster as dg


def only_selected(
    context: dg.AssetCheckExecutionContext, results: Sequence[dg.AssetCheckResult]
) -> Iterator[dg.AssetCheckResult]:
    """The results that this execution is to give."""
    selected = {key.name for key in context.selected_asset_check_keys}
    return (result for result in results if result.check_name in selected)
