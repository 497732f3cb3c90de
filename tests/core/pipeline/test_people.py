"""Personal models of many people: one by one, bounded, in any order, and gone on with."""

import json
import shutil
import signal
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from bloodtwin_core.cli.main import main
from bloodtwin_core.common.child_workers import Answer
from bloodtwin_core.common.errors import ArtifactMissing, CheckpointMismatch, SettingsError
from bloodtwin_core.config import PRETRAINED, Settings
from bloodtwin_core.network.checkpoint import copy_weights, load_checkpoint
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.people import many
from bloodtwin_core.pipeline.people.many import PeopleFailed, Person, people_stage
from bloodtwin_core.pipeline.people.person import (
    STAGE,
    base_fingerprint,
    base_path,
    person_checkpoint,
    person_stage,
    stored_person,
)
from bloodtwin_core.pipeline.people.worker import Common, Reply, reply
from bloodtwin_core.pipeline.preparing import prepare
from bloodtwin_core.pipeline.verifying import faults_of
from bloodtwin_core.sources.settings import settings_model
from bloodtwin_core.training import CheckpointFolder
from bloodtwin_core.training.fit import fit
from tests.assets.tiny_graph import TINY

HELPFUL = {"min_windows": 20, "max_epochs": 2, "learning_rate": 1e-2}
PUMPS = ["sim001", "sim002"]


def settings_with(**changes: dict[str, object]) -> Settings:
    groups = {**TINY, "personal": HELPFUL}
    return settings_model().model_validate(
        {**groups, **{name: {**groups.get(name, {}), **changes[name]} for name in changes}}
    )


@pytest.fixture(scope="module")
def base(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A checkpoint that was hardly trained, so that copies of it gain."""
    folder, settings = tmp_path_factory.mktemp("base"), settings_with()
    made = prepare(settings.data, folder)
    training = settings.training.model_copy(update={"learning_rate": 1e-4})
    checkpoints = CheckpointFolder(folder / "checkpoints")
    return fit(made.windows, made.scaler, settings.model, training, checkpoints, folder / "logs", "data").checkpoint


@pytest.fixture
def store(tmp_path: Path) -> ArtifactStore:
    return ArtifactStore(tmp_path / "artifacts" / "tiny")


@pytest.fixture
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """What the processes would answer, without the seconds that their imports take; the pump dead takes one along."""

    def answered(_module: str, told: str, tasks: Sequence[str], _workers: int) -> Iterator[Answer]:
        common = Common.model_validate_json(told)
        settings = settings_model().model_validate(common.settings)
        for task in tasks:
            dead = task == "dead"
            yield Answer(task, "" if dead else reply(common, settings, task).model_dump_json(), "it died" * dead)

    monkeypatch.setattr(many, "answers", answered)


def test_a_copy_is_made_from_one_pumps_records_alone(store: ArtifactStore, base: Path) -> None:
    made = person_stage(store, base, settings_with(), "sim002")
    assert made.is_new
    assert made.outcome.accepted, "the base was hardly trained"
    copy, own = person_checkpoint(store, base, "sim002"), store.of_person("sim002")
    unified = load_checkpoint(base)
    assert copy.started_from == unified.sha256
    assert copy.scaler == unified.scaler
    assert copy.path.stat().st_size < base.stat().st_size / 2, "what only a training needs is left out"
    files = {path.relative_to(own.folder).as_posix() for path in own.folder.rglob("*") if path.is_file()}
    assert files == {"manifest.json", "model/personal.json", "model/sim002.ckpt"}
    record = own.manifest().stages[STAGE]
    assert set(record.files) == files - {"manifest.json"}
    assert record.settings["data"]["pump_ids"] == ["sim002"]
    assert stored_person(store, "sim002") == made.outcome


def test_a_copy_that_does_not_help_leaves_the_model_as_it_is(store: ArtifactStore, base: Path) -> None:
    settings = settings_with(personal={"min_windows": 100_000})
    assert not person_stage(store, base, settings, "sim001").outcome.accepted
    assert person_checkpoint(store, base, "sim001").sha256 == load_checkpoint(base).sha256


def test_the_same_is_not_made_again_and_what_changed_is(store: ArtifactStore, base: Path) -> None:
    settings = settings_with()
    assert person_stage(store, base, settings, "sim001").is_new
    copy = store.of_person("sim001").personal_model / "sim001.ckpt"
    before = copy.read_bytes()
    assert not person_stage(store, base, settings, "sim001").is_new
    assert not person_stage(store, base, settings_with(people={"workers": 7, "pump_ids": PUMPS}), "sim001").is_new
    unused = {"max_epochs": 77, "early_stopping_patience": 9, "resume": False, "processes": 2, "start_from": "x"}
    unused |= {"past_alone": True, "band_widths": [1.1]}
    same = settings_with(training=unused, data={"fetch": {"attempts": 1}, "wearers": {"a": ["sim001"]}})
    assert not person_stage(store, base, same, "sim001").is_new, "nothing of it changes a copy"
    own = store.of_person("sim001")
    record = own.recorded(STAGE)
    del record.settings["training"]["hide_basal"]
    own.record(STAGE, sorted(own.personal_model.iterdir()), record.data_version, record.settings)
    assert not person_stage(store, base, settings, "sim001").is_new, "the setting came later, and is at its default"
    copy.write_bytes(before[:-1])
    assert person_stage(store, base, settings, "sim001").is_new
    assert copy.read_bytes() == before, "the same records, base and settings give the same bytes"
    for changed in (
        settings_with(data={"simulator": {"pumps": 2, "days": 7}}),
        settings_with(personal={"strength": 0.4}),
        settings_with(training={"seed": 7}),
    ):
        assert person_stage(store, base, changed, "sim001").is_new


def test_verify_looks_at_each_persons_files(store: ArtifactStore, base: Path) -> None:
    person_stage(store, base, settings_with(), "sim001")
    (store.folder / "kept").touch()
    store.record("stage", [store.folder / "kept"], "version", {})
    assert faults_of(store) == []
    copy = store.of_person("sim001").personal_model / "sim001.ckpt"
    copy.write_bytes(b"")
    assert faults_of(store) == [f"{copy} changed since {STAGE} left it: its sha256 is not the manifest's"]
    with pytest.raises(ArtifactMissing, match="changed since personal_model left it"):
        person_checkpoint(store, base, "sim001")


def test_a_run_of_the_main_line_leaves_alone_what_people_are_writing(store: ArtifactStore) -> None:
    half = [store.people / "sim001" / ".model.0123abcd" / "sim001.ckpt", store.folder / ".windows.0123abcd" / "a.npy"]
    for path in half:
        path.parent.mkdir(parents=True)
        path.touch()
    with store.owned():
        assert [path.exists() for path in half] == [True, False]
    with store.of_person("sim001").owned():
        assert not half[0].exists(), "whoever is next at this person clears what a kill left"


@pytest.mark.usefixtures("in_this_process")
def test_a_pump_that_fails_stops_no_other_and_the_next_start_goes_on(store: ArtifactStore, base: Path) -> None:
    settings = settings_with(people={"start_from": str(base)})
    told: list[Person] = []
    people = people_stage(store, settings, ["nosuch", "sim001", "dead", "sim002"], told.append)
    assert people.persons == tuple(told)
    assert [(person.pump_id, bool(person.failure)) for person in told] == [
        ("nosuch", True),
        ("sim001", False),
        ("dead", True),
        ("sim002", False),
    ]
    with pytest.raises(
        PeopleFailed, match=r"^2 of 4 pumps have no model\. nosuch: .*nosuch.*; dead: it died\. The others"
    ):
        people.require_all()
    again = people_stage(store, settings, PUMPS)
    assert (again.stood, again.accepted, again.failed) == (2, people.accepted, [])
    again.require_all()


def test_all_pumps_of_a_start_begin_with_the_same_model(store: ArtifactStore, base: Path, tmp_path: Path) -> None:
    settings, replaced = settings_with(personal={"min_windows": 100_000}), tmp_path / "replaced.ckpt"
    shutil.copyfile(base, replaced)
    before = base_fingerprint(replaced)
    assert person_stage(store, replaced, settings, "sim001", before).is_new
    copy_weights(base, replaced)
    with pytest.raises(CheckpointMismatch, match=r"replaced\.ckpt was replaced since the first of these pumps"):
        person_stage(store, replaced, settings, "sim002", before)
    assert person_stage(store, replaced, settings, "sim001").is_new, "a later start takes the new one"


def test_an_interrupt_that_gets_lost_comes_again_and_the_handler_is_put_back(
    store: ArtifactStore, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    before, found = signal.signal(signal.SIGINT, signal.default_int_handler), []

    def replied(*_: object) -> Reply:
        found.append(signal.getsignal(signal.SIGINT))
        return Reply(failure="looked")

    monkeypatch.setattr(many, "reply", replied)
    try:
        people_stage(store, settings_with(people={"start_from": str(base)}), ["sim001"])
        assert found != [signal.default_int_handler]
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        signal.signal(signal.SIGINT, before)


def test_an_interrupt_within_the_training_is_told_as_one(
    tmp_path: Path, base: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def as_lightning_does(*_: object) -> Reply:
        try:
            raise KeyboardInterrupt
        except KeyboardInterrupt:
            sys.exit(1)

    monkeypatch.setattr(many, "reply", as_lightning_does)
    (tmp_path / "my.json").write_text(json.dumps({"people": {"start_from": str(base)}}))
    words = ["personalise", "--config", str(tmp_path / "my.json"), "--artifacts", str(tmp_path), "--pump", "sim001"]
    assert main(words) == 130


@pytest.mark.usefixtures("in_this_process")
def test_windows_are_those_that_the_model_takes(store: ArtifactStore, base: Path) -> None:
    longer = settings_with(people={"start_from": str(base)}, data={"lookback": 288})
    assert people_stage(store, longer, ["sim001"]).accepted == 1


def test_what_they_begin_with_is_said_where_it_is_not_there(store: ArtifactStore, tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match=r"holds no published version.*people\.start_from: pretrained"):
        base_path(store, "published")
    with pytest.raises(SettingsError, match=r"people\.start_from '.*none\.ckpt': there is no such checkpoint"):
        base_path(store, str(tmp_path / "none.ckpt"))
    with pytest.raises(SettingsError, match=r"people\.pump_ids names no pump"):
        people_stage(store, settings_with(people={"start_from": PRETRAINED}), [])


def test_the_command_makes_them_by_processes_of_their_own(
    tmp_path: Path, base: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    groups = {**TINY, "personal": HELPFUL, "artifacts": {"root": str(tmp_path)}}
    groups["people"] = {"pump_ids": ["sim001", "nosuch"], "start_from": str(base), "workers": 1}
    (tmp_path / "my.json").write_text(json.dumps(groups))
    assert main(["personalise", "--config", str(tmp_path / "my.json")]) == 1
    said = capsys.readouterr()
    assert said.out.splitlines()[0].startswith(
        "2 pumps: 1 go on with a copy of their own, 0 with the model as it is, 1 f"
    )
    assert "1 of 2 pumps have no model. nosuch: data.pump_ids names nosuch" in said.err.splitlines()[-1]
    assert stored_person(ArtifactStore(tmp_path / "tiny"), "sim001").accepted
