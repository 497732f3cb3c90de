"""The asset personal_model: a partition a pump, beside the main line, on one machine in one run."""

from collections.abc import Iterator, Sequence
from pathlib import Path

import dagster as dg
import pytest
import yaml

from bloodtwin_assets.configured import CONFIG_VARIABLE
from bloodtwin_assets.definitions import build_defs
from bloodtwin_assets.executor import STEPS_VARIABLE
from bloodtwin_assets.people.assets import people_assets
from bloodtwin_core.common.child_workers import Answer
from bloodtwin_core.config import PRETRAINED
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.people import many
from bloodtwin_core.pipeline.people.many import Common
from bloodtwin_core.pipeline.people.person import stored_person
from bloodtwin_core.pipeline.people.worker import reply
from bloodtwin_core.sources.settings import settings_model
from tests.assets.tiny_graph import TINY, failure_of

PUMPS = ["sim001", "nosuch", "sim002"]
ASSET = dg.AssetKey("personal_model")


@pytest.fixture
def named(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A file of settings that names pumps; they are made in this process, without the imports of others."""
    people = {"pump_ids": PUMPS, "start_from": PRETRAINED}
    groups = {**TINY, "people": people, "personal": {"min_windows": 1_000_000}, "artifacts": {"root": str(tmp_path)}}
    path = tmp_path / "my.yaml"
    path.write_text(yaml.safe_dump({**groups, "data": {"simulator": {"pumps": 2, "days": 12}}}))
    monkeypatch.setenv(CONFIG_VARIABLE, str(path))

    def answered(_module: str, told: str, tasks: Sequence[str], _workers: int) -> Iterator[Answer]:
        common = Common.model_validate_json(told)
        settings = settings_model().model_validate(common.settings)
        return (Answer(task, reply(common, settings, task).model_dump_json()) for task in tasks)

    monkeypatch.setattr(many, "answers", answered)
    return path


def run(instance: dg.DagsterInstance, first: str, last: str) -> dg.ExecuteInProcessResult:
    """What a backfill of these partitions is on one machine: one run."""
    tags = {"dagster/asset_partition_range_start": first, "dagster/asset_partition_range_end": last}
    job = build_defs().resolve_job_def("personal_models")
    return job.execute_in_process(instance=instance, tags=tags, raise_on_error=False)


def test_it_is_part_of_the_graph_only_where_pumps_are_named(monkeypatch: pytest.MonkeyPatch, named: Path) -> None:
    [asset] = [spec for spec in build_defs().resolve_all_asset_specs() if spec.key == ASSET]
    assert asset.partitions_def is not None
    assert asset.partitions_def.get_partition_keys() == PUMPS
    assert asset.automation_condition is None
    assert ASSET.to_user_string() not in {node.name for node in build_defs().resolve_job_def("retraining").nodes}
    monkeypatch.delenv(CONFIG_VARIABLE)
    assert named.exists()
    assert ASSET not in {spec.key for spec in build_defs().resolve_all_asset_specs()}
    assert "personal_models" not in {job.name for job in build_defs().jobs or []}


def test_one_run_makes_all_and_tells_at_its_end_which_failed(named: Path) -> None:
    with dg.DagsterInstance.ephemeral() as instance:
        result = run(instance, PUMPS[0], PUMPS[-1])
        assert not result.success
        assert failure_of(result, "personal_model").startswith(
            "1 of 3 pumps have no model. nosuch: data.pump_ids names"
        )
        assert instance.get_materialized_partitions(ASSET) == {"sim001", "sim002"}
        assert not stored_person(ArtifactStore(named.parent / "tiny"), "sim001").accepted
        [record] = instance.fetch_materializations(
            dg.AssetRecordsFilter(ASSET, asset_partitions=["sim002"]), limit=2
        ).records
        assert record.asset_materialization is not None
        page = record.asset_materialization.metadata
        assert str(page["why"].value).startswith("too few windows")
        assert run(instance, "sim002", "sim002").success


def test_partitions_are_one_run_here_and_a_run_each_on_kubernetes(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    [asset] = people_assets(PUMPS)
    assert asset.backfill_policy == dg.BackfillPolicy.single_run()
    monkeypatch.setenv(STEPS_VARIABLE, str(tmp_path / "steps.yaml"))
    [asset] = people_assets(PUMPS)
    assert asset.backfill_policy == dg.BackfillPolicy.multi_run(1)
    assert people_assets([]) == []
