from pathlib import Path

import pytest
from pydantic import ValidationError

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.serving.alarm_rules import ALARMS, USUAL, AlarmRules, alarm_rules_of

LOW = next(rule for rule in USUAL if rule.name == "low")
OWN = LOW.model_copy(update={"level": 0.1})


def test_a_wearers_own_rule_takes_the_place_of_everybodys() -> None:
    rules = AlarmRules(of_wearers={"anna": (OWN,)})
    assert rules.of("anna") == tuple(OWN if rule is LOW else rule for rule in USUAL)
    assert rules.of("berta") == USUAL


def test_beside_a_model_without_the_file_the_usual_rules_hold(tmp_path: Path) -> None:
    assert alarm_rules_of(tmp_path / "model.onnx", "sha") == AlarmRules()


def test_what_was_written_is_read(tmp_path: Path) -> None:
    rules = AlarmRules(of_wearers={"anna": (OWN,)})
    (tmp_path / ALARMS).write_text(rules.model_dump_json())
    assert alarm_rules_of(tmp_path / "model.onnx", "sha") == rules


def test_rules_of_another_model_do_not_hold(tmp_path: Path) -> None:
    (tmp_path / ALARMS).write_text(AlarmRules(checkpoint_sha256="sha", of_wearers={"anna": (OWN,)}).model_dump_json())
    assert OWN in alarm_rules_of(tmp_path / "model.onnx", "sha").of("anna")
    assert alarm_rules_of(tmp_path / "model.onnx", "another") == AlarmRules()


def test_a_damaged_file_is_named(tmp_path: Path) -> None:
    (tmp_path / ALARMS).write_text('{"rules": []}')
    with pytest.raises(ArtifactMissing, match=rf"{ALARMS}.*Materialize alarm_levels first"):
        alarm_rules_of(tmp_path / "model.onnx", "sha")


def test_an_own_rule_needs_one_of_everybody() -> None:
    with pytest.raises(ValidationError, match="nobody else has the rules lwo"):
        AlarmRules(of_wearers={"anna": (OWN.model_copy(update={"name": "lwo"}),)})
