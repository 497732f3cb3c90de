"""alarms.json, beside a model: when its forecasts are to be spoken of, for everybody and for some wearers apart.

Levels belong to a model, since another is sure in another way. The graph chooses them on validation days
(evaluation/clinical/alarm_levels.py); a model without the file goes by USUAL.
"""

import logging
from pathlib import Path
from typing import Self

from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.records import TARGET_RANGE, VERY_HIGH, VERY_LOW
from bloodtwin_core.serving.alarms import AlarmRule, Side

logger = logging.getLogger(__name__)
ALARMS = "alarms.json"
"""The name of the file."""
USUAL = (
    AlarmRule(name="very low", side=Side.below, glucose=VERY_LOW, minutes=60, level=0.2),
    AlarmRule(name="low", side=Side.below, glucose=TARGET_RANGE[0], minutes=60, level=0.275),
    AlarmRule(name="very high", side=Side.above, glucose=VERY_HIGH, minutes=60, level=0.725),
)
"""What the base model is asked, gravest first: levels of at most one false alarm a day each (docs/alarms.md)."""


class AlarmRules(BaseModel):
    """rules: everybody's. of_wearers: rules that take the place of those of the same name, by pump.

    checkpoint_sha256: of the checkpoint whose forecasts they were chosen for; empty for rules of any model.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    checkpoint_sha256: str = ""
    rules: tuple[AlarmRule, ...] = Field(default=USUAL, min_length=1)
    of_wearers: dict[str, tuple[AlarmRule, ...]] = {}

    @model_validator(mode="after")
    def _names_are_known(self) -> Self:
        names = {rule.name for rule in self.rules}
        if unknown := {rule.name for own in self.of_wearers.values() for rule in own} - names:
            raise ValueError(f"nobody else has the rules {', '.join(sorted(unknown))}")
        return self

    def of(self, wearer: str) -> tuple[AlarmRule, ...]:
        """The rules of a wearer, who is known by the name of the pump in training."""
        own = {rule.name: rule for rule in self.of_wearers.get(wearer, ())}
        return tuple(own.get(rule.name, rule) for rule in self.rules)


def read_alarm_rules(path: Path) -> AlarmRules:
    """The rules of a file. Raises ArtifactMissing if it is not there or damaged."""
    try:
        return AlarmRules.model_validate_json(path.read_bytes())
    except (OSError, ValidationError) as error:
        raise ArtifactMissing.unreadable(path, error, "alarm_levels") from error


def alarm_rules_of(model: Path, checkpoint_sha256: str) -> AlarmRules:
    """The rules beside a model's file, or the usual ones where there are none or they are another checkpoint's.

    Raises ArtifactMissing if the file there is damaged.
    """
    path = model.parent / ALARMS
    if not path.exists():
        return AlarmRules()
    rules = read_alarm_rules(path)
    if rules.checkpoint_sha256 not in ("", checkpoint_sha256):
        logger.warning("%s is of another model than %s: the usual alarms hold", path, model.name)
        return AlarmRules()
    return rules
