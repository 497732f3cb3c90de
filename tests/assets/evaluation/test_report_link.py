"""Pages link to the report while its server runs, and show no link where nobody serves it."""

import dagster as dg
import pytest

from bloodtwin_assets.definitions import build_defs
from bloodtwin_core.cli.report_server import REPORTS_VARIABLE

SERVED = "http://127.0.0.1:40123"


def spec_of(name: str) -> dg.AssetSpec:
    return next(spec for spec in build_defs().resolve_all_asset_specs() if spec.key == dg.AssetKey(name))


@pytest.mark.parametrize("name", ["evaluation_report", "test_results"])
def test_the_page_begins_with_a_link_to_the_configured_models_report(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv(REPORTS_VARIABLE, SERVED)
    spec = spec_of(name)
    link = f"{SERVED}/bloodtwin_unified_lstm/report.html"
    assert (spec.description or "").startswith(f"**[Open the report of bloodtwin_unified_lstm]({link})**")
    assert spec.metadata["report"] == dg.MetadataValue.url(link)
    assert spec.metadata["all reports"] == dg.MetadataValue.url(SERVED)


@pytest.mark.parametrize("address", [None, "", "http://evil.example", f"{SERVED}/x", f"{SERVED})[x](http://evil"])
def test_without_a_server_of_this_machine_there_is_no_link(
    address: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv(REPORTS_VARIABLE, raising=False)
    if address is not None:
        monkeypatch.setenv(REPORTS_VARIABLE, address)
    spec = spec_of("evaluation_report")
    assert "http" not in (spec.description or "")
    assert "report" not in spec.metadata


def test_other_pages_have_none(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(REPORTS_VARIABLE, SERVED)
    assert SERVED not in (spec_of("trained_checkpoint").description or "")


def test_no_materialization_keeps_a_link_that_would_outlive_its_server(finished: tuple[object, object]) -> None:
    _, result = finished
    assert isinstance(result, dg.ExecuteInProcessResult)
    [page] = result.asset_materializations_for_node("evaluation_report")
    assert not [value for value in page.metadata.values() if isinstance(value, dg.UrlMetadataValue)]
