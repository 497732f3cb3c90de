"""What Dagster says of a run, line by line, and what of it matters: stages, progress, checks, the cause of a failure.

Dagster's event log could tell the same, but only to those who import Dagster, which takes seconds.
"""

import re
from dataclasses import dataclass, field

_EVENT = re.compile(r"^\S+ \S+ \S+ - dagster - [A-Z]+ - \S+ - [0-9a-f-]{36} - (?:\d+ - )?(?P<rest>.*)$")
_OF_STEP = re.compile(r"^(?P<step>\w+) - (?:(?P<event>[A-Z_]{5,}) - )?(?P<message>.*)$")
_CHECK = re.compile(
    r"Asset check '(?P<check>[^']+)' on '(?P<asset>[^']+)' (?P<how>passed|did not pass)\."
    r"(?: Description: ['\"](?P<why>.*?)['\"]?$)?"
)
_EXCEPTION = re.compile(r"^(?:\w+\.)+(?P<kind>[A-Z]\w+): (?P<words>.*)$|^(?P<builtin>[A-Z]\w+Error): (?P<said>.*)$")
_MISSPELT_ASSET = re.compile(r'^For selected asset \["(?P<given>[^"]+)"\], did you mean')
_ASSET = re.compile(r'^\s+\["(?P<name>[^"]+)"\]')
_PROGRESS = re.compile(r": (?P<done>[\d,]+) of (?P<total>[\d,]+)$")
_EPOCH = re.compile(r"^epoch (?P<epoch>\d+): ")
_OURS = re.compile(r"^(dagster\..*\.Failure|bloodtwin_(?:core|assets)\..*): ")
"""Errors whose words are for the user: those of bloodTwin, and the one that Dagster wraps them in."""


@dataclass(frozen=True)
class Check:
    """A check that did not pass, and what it says."""

    asset: str
    name: str
    why: str


_WRONG_SETTING = ("SettingsError", "SettingsFailure")
"""Kinds of errors that say so, outside of a stage and in one."""


@dataclass(frozen=True)
class Cause:
    """What a run failed by: words, the stage if it was one, the kind of error, and whether the words are ours."""

    words: str
    stage: str = ""
    kind: str = ""
    is_for_users: bool = False

    @property
    def is_wrong_setting(self) -> bool:
        """Whether the user gave a setting that cannot be used, rather than data."""
        return self.kind in _WRONG_SETTING


@dataclass
class RunLog:
    """What was heard so far."""

    stage: str = ""
    """At work now."""
    said: str = ""
    """The last message of that stage."""
    done: int = 0
    total: int = 0
    """Parts of the stage's work, as far as it tells; total 0 is not known."""
    materialized: list[str] = field(default_factory=list)
    failed_checks: list[Check] = field(default_factory=list)
    causes: list[Cause] = field(default_factory=list)
    _failing: str = ""
    _misspelt: str = ""

    def hear(self, line: str) -> str | None:
        """Take a line; returns the stage that it says has just been materialized, if any."""
        event = _EVENT.match(line)
        if event is None:
            self._hear_outside(line)
            return None
        of_step = _OF_STEP.match(event["rest"])
        if of_step is None:
            return None
        return self._hear_step(of_step["step"], of_step["event"] or "", of_step["message"])

    @property
    def cause(self) -> Cause | None:
        """The most telling of what went wrong: the first in words for the user, else the last."""
        for cause in self.causes:
            if cause.is_for_users:
                return cause
        return self.causes[-1] if self.causes else None

    def _hear_step(self, step: str, event: str, message: str) -> str | None:
        if event == "STEP_START":
            self.stage, self.said, self.done, self.total = step, "", 0, 0
        elif event == "STEP_FAILURE":
            self._failing = step
        elif event == "ASSET_MATERIALIZATION":
            self.materialized.append(step)
        elif event == "STEP_SUCCESS" and step in self.materialized:
            return step
        elif event == "ASSET_CHECK_EVALUATION" and (check := _CHECK.search(message)) and check["how"] != "passed":
            self.failed_checks.append(Check(check["asset"], check["check"], check["why"] or ""))
        elif not event:
            self._progress(message)
        return None

    def _progress(self, message: str) -> None:
        self.said = message
        if match := _PROGRESS.search(message):
            self.done, self.total = (int(match[name].replace(",", "")) for name in ("done", "total"))
        elif match := _EPOCH.match(message):
            self.done, self.total = int(match["epoch"]) + 1, 0

    def _hear_outside(self, line: str) -> None:
        """A line of a stack trace, or of what Dagster says before it runs anything."""
        if exception := _EXCEPTION.match(line):
            kind, words = exception["kind"] or exception["builtin"], exception["words"] or exception["said"] or ""
            self.causes.append(Cause(words.strip(), self._failing, kind, bool(_OURS.match(line))))
        elif misspelt := _MISSPELT_ASSET.match(line):
            self._misspelt = misspelt["given"]
        elif self._misspelt and (near := _ASSET.match(line)):
            words = f"--select: there is no stage {self._misspelt}; the nearest name is {near['name']}"
            self.causes.append(Cause(words, kind="SettingsError", is_for_users=True))
            self._misspelt = ""
