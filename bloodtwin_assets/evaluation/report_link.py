"""The way from an asset's page to the report: a link, where the reports are served while the UI runs.

It stands in the definition, which each UI loads anew, and in no materialization: there it would outlive its server.
"""

import os
import re

import dagster as dg

from bloodtwin_core.cli.report_server import REPORTS_VARIABLE

LINKED = (dg.AssetKey("evaluation_report"), dg.AssetKey("test_results"))
"""Assets whose pages link to the report."""
_ADDRESS = re.compile(r"http://127\.0\.0\.1:\d{1,5}")


def with_report_link(spec: dg.AssetSpec, model: str) -> dg.AssetSpec:
    """The spec with links to the report of a model and to all reports, if they are served and the asset has one."""
    address = os.environ.get(REPORTS_VARIABLE, "")
    if spec.key not in LINKED or _ADDRESS.fullmatch(address) is None:
        return spec
    report = f"{address}/{model}/report.html"
    links = f"**[Open the report of {model}]({report})**, or [those of all models]({address}/)."
    return spec.replace_attributes(
        description=f"{links}\n\n{spec.description or ''}",
        metadata={
            **spec.metadata,
            "report": dg.MetadataValue.url(report),
            "all reports": dg.MetadataValue.url(address),
        },
    )
