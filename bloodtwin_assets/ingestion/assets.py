"""The event history of each source that fetches from a cloud or a site: only what is new is fetched."""

from collections.abc import Callable

import dagster as dg

from bloodtwin_assets.common.failures import failing_in_words
from bloodtwin_assets.common.identity import page_of
from bloodtwin_assets.common.run_log import core_log_in
from bloodtwin_assets.ingestion.pages import fetched_page, idle_page
from bloodtwin_assets.resources import SettingsResource
from bloodtwin_core.common.progress import Step
from bloodtwin_core.pipeline.fetching import fetch_stage
from bloodtwin_core.sources.registry import sources
from bloodtwin_core.sources.source import Source

INGESTION_GROUP = "ingestion"
IDLE = dg.DataVersion("nothing fetched")


def _event_history(source: Source) -> dg.AssetsDefinition:
    """The asset of one source. Where data.source is another, it does nothing and says so."""

    @dg.asset(
        name=f"{source.name}_event_history",
        group_name=INGESTION_GROUP,
        kinds={source.name, "csv"},
        description=f"Every event of the wearer's pump and sensor that {source.title} holds, kept in `data.root`.\n\n"
        "Each time, only what is new is fetched, window by window; after a break it goes on where it stood. "
        f"It does nothing unless `data.source` is `{source.name}`. Credentials come from the environment alone: see "
        "docs/sources.md.",
    )
    @failing_in_words
    def event_history(context: dg.AssetExecutionContext, settings: SettingsResource) -> dg.MaterializeResult[None]:
        with core_log_in(context):
            fetched = fetch_stage(settings.data, source, _logged_in(context))
        if fetched is None:
            context.log.info("Nothing to fetch: data.source is %s, not %s", settings.data.source, source.name)
            return dg.MaterializeResult(metadata=page_of(settings, idle_page(settings.data.source)), data_version=IDLE)
        version = dg.DataVersion(fetched.fingerprint)
        return dg.MaterializeResult(metadata=page_of(settings, fetched_page(fetched.reports)), data_version=version)

    return event_history


def _logged_in(context: dg.AssetExecutionContext) -> Callable[[Step], None]:
    """A listener that logs every window before it is fetched."""

    def log(step: Step) -> None:
        if step.done < step.total:
            context.log.info("Fetching %s of %s: %s", step.done + 1, step.total, step.what)

    return log


INGESTION_ASSETS = [_event_history(source) for source in sources().values() if source.fetch]
