"""A cloud that another package brings takes its place in the graph: its asset, its settings, its records."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.core.sources.brought import bring

REPOSITORY = Path(__file__).parents[3]
PROGRAM = """
import json, sys
import dagster as dg
from bloodtwin_assets.definitions import build_defs

root, artifacts = sys.argv[1:]
data = {"source": "acme", "root": root, "acme": {"days": 5}}
config = {"resources": {"settings": {"config": {"data": data}}, "artifacts": {"config": {"root": artifacts}}}}
selected = dg.AssetSelection.assets("acme_event_history", "raw_pump_splits")
part = dg.Definitions(jobs=[dg.define_asset_job("part", selection=selected)])
job = dg.Definitions.merge(build_defs(), part).resolve_job_def("part")
result = job.execute_in_process(run_config=config, instance=dg.DagsterInstance.ephemeral())
shown = build_defs().get_repository_def().get_top_level_resources()["settings"].config_schema
days = shown.config_type.fields["data"].config_type.fields["acme"].config_type.fields["days"]
spec = {spec.key.to_user_string(): spec for spec in build_defs().resolve_all_asset_specs()}["acme_event_history"]
print(json.dumps({"ok": result.success, "days": [days.default_value, days.description], "about": spec.description}))
"""


@pytest.mark.end_to_end
def test_a_cloud_from_another_package_is_fetched_split_and_set_in_the_launchpad(tmp_path: Path) -> None:
    installed = bring(tmp_path / "installed")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(REPOSITORY), str(installed)])}
    command = [sys.executable, "-c", PROGRAM, str(tmp_path / "kept"), str(tmp_path / "artifacts")]
    done = subprocess.run(command, env=environment, cwd=tmp_path, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-2000:]
    told = json.loads(done.stdout.splitlines()[-1])
    assert told["ok"]
    assert told["days"] == [4, "Days to read. Limits: at least 3, at most 30."]
    assert "that the Acme cloud holds" in told["about"]
    store = tmp_path / "artifacts" / "bloodtwin_unified_lstm"
    assert list((store / "pump_splits" / "pump_7" / "train").glob("lstm_train_*.csv"))
    manifest = json.loads((store / "manifest.json").read_text())
    assert manifest["stages"]["raw_pump_splits"]["settings"]["data"]["acme"] == {"clinic": "", "days": 5}
