"""Being told: once, of what happened since, at one address; nobody without one."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from http.server import BaseHTTPRequestHandler, HTTPServer
from threading import Thread

import dagster as dg
import pytest

from bloodtwin_assets.configured import CONFIG_VARIABLE
from bloodtwin_assets.definitions import build_defs
from bloodtwin_assets.publishing.telling import tell_of_trouble, troubles
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.publishing.drift.ledger import JudgedWeek, Measure
from bloodtwin_core.publishing.store import PublishedStore
from bloodtwin_core.publishing.telling import ADDRESS_VARIABLE, Notice, tell
from bloodtwin_core.sources.settings import settings_model
from tests.assets.tiny_graph import Graph

SETTINGS = settings_model().model_validate({"model": {"name": "tiny"}})
Post = tuple[str, list[str]]


@pytest.fixture
def post() -> "Callable[[], Post]":  # type: ignore[misc]
    """An address on this machine, and what came there."""
    came: list[str] = []

    class Box(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            came.append(self.rfile.read(int(self.headers["Content-Length"])).decode())
            self.send_response(200)
            self.end_headers()

        def log_message(self, *_: object) -> None:
            return

    server = HTTPServer(("127.0.0.1", 0), Box)
    Thread(target=server.serve_forever, daemon=True).start()
    yield lambda: (f"json://127.0.0.1:{server.server_port}", came)
    server.shutdown()
    server.server_close()


def run(graph: Graph, instance: dg.DagsterInstance, selection: dg.AssetSelection) -> None:
    part = dg.Definitions(jobs=[dg.define_asset_job("part", selection=selection)])
    job = dg.Definitions.merge(build_defs(), part).resolve_job_def("part")
    job.execute_in_process(run_config=graph.run_config(), instance=instance, raise_on_error=False)


def test_a_failed_run_is_told_once(graph: Graph, post: Callable[[], Post], monkeypatch: pytest.MonkeyPatch) -> None:
    to, came = post()
    monkeypatch.setenv(ADDRESS_VARIABLE, to)
    path = graph.root.parent / "my.yaml"
    path.write_text("model: {name: tiny}")
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))
    instance, cursor, said = dg.DagsterInstance.ephemeral(), None, []
    for failing in (False, True, False):
        if failing:
            # Nothing is there that the scaler could be fitted on.
            run(graph, instance, dg.AssetSelection.assets("fitted_scaler"))
        with dg.build_sensor_context(instance=instance, cursor=cursor) as context:
            answer = tell_of_trouble(context)
            assert isinstance(answer, dg.SkipReason)
            said.append(answer.skip_message)
            cursor = context.cursor
    assert said == ["nothing new", "told of 1", "nothing new"]
    [message] = came
    assert "failed" in message
    assert "bloodTwin tiny" in message


def test_nobody_is_told_without_an_address(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(ADDRESS_VARIABLE, raising=False)
    with dg.build_sensor_context(instance=dg.DagsterInstance.ephemeral()) as context:
        answer = tell_of_trouble(context)
    assert isinstance(answer, dg.SkipReason)
    assert "is not set" in answer.skip_message


def test_what_the_address_lacks_is_told() -> None:
    with pytest.raises(SettingsError, match=ADDRESS_VARIABLE):
        tell("tiny", [Notice("a", "b")], "no address")


def test_stale_records_and_a_missed_hour() -> None:
    instance, now = dg.DagsterInstance.ephemeral(), datetime.now(UTC)
    for key in ("raw_pump_splits", "trained_checkpoint"):
        instance.report_runless_asset_event(dg.AssetMaterialization(key))
    assert list(troubles(instance, SETTINGS, now, now)) == []
    texts = [notice.text for notice in troubles(instance, SETTINGS, now, now + timedelta(days=10))]
    assert [text.partition(" is stale")[0] for text in texts[:2]] == ["raw_pump_splits", "trained_checkpoint"]
    assert "No retraining began" in texts[2]


def test_checks_that_did_not_pass(graph: Graph) -> None:
    instance, since = dg.DagsterInstance.ephemeral(), datetime.now(UTC) - timedelta(minutes=1)
    far = Measure(name="glucose", about="mean glucose (mg/dL)", value=200, reference=140, distance=60, limit=40)
    week = JudgedWeek(pump="sim001", start=date(2026, 1, 5), content="c", measures=(far,), judged=since)
    published = PublishedStore(graph.store.published)
    published.change_ledger(lambda ledger: ledger.with_weeks({("sim001", week.start): week}))
    run(graph, instance, dg.AssetSelection.checks_for_assets(dg.AssetKey("published_model")))
    texts = [notice.text for notice in troubles(instance, SETTINGS, since, datetime.now(UTC))]
    assert [text for text in texts if "drift_glucose: Nobody has looked at sim001, week of 2026-01-05" in text]
