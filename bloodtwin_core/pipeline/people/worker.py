"""`python -m bloodtwin_core.pipeline.people.worker`: makes the personal model of each pump that its stdin names.

The first line of stdin is Common as JSON, each further one a pump as a JSON string; each is answered by a line on
stdout, Reply as JSON.
"""

import json
import logging
import os
import sys
import threading
from pathlib import Path
from queue import SimpleQueue
from typing import Any

from pydantic import BaseModel, ConfigDict

from bloodtwin_core.common.errors import BloodTwinError
from bloodtwin_core.common.locks import Owner
from bloodtwin_core.config import Settings
from bloodtwin_core.personal.storage import PersonalOutcome
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pipeline.people.person import person_stage
from bloodtwin_core.sources.settings import settings_model

logger = logging.getLogger(__name__)
MODULE = __name__ if __name__ != "__main__" else "bloodtwin_core.pipeline.people.worker"


class Common(BaseModel):
    """What all pumps have in common: the folder of the model, the checkpoint to begin with, the run, the settings.

    base_sha256: what the checkpoint was at the start, so that all pumps begin with the same one.
    """

    model_config = ConfigDict(frozen=True)

    folder: Path
    base: Path
    base_sha256: str
    run: str
    settings: dict[str, Any]


class Reply(BaseModel):
    """What became of a pump: as in PersonMade, or why nothing was made."""

    model_config = ConfigDict(frozen=True)

    outcome: PersonalOutcome | None = None
    is_new: bool = False
    failure: str = ""


def reply(common: Common, settings: Settings, pump_id: str) -> Reply:
    """Make one pump's model; whatever goes wrong becomes the answer, so that the next pump has its turn."""
    store = ArtifactStore(common.folder, Owner(what="personal models", run=common.run))
    try:
        made = person_stage(store, common.base, settings, pump_id, common.base_sha256)
    except BloodTwinError as error:
        return Reply(failure=str(error))
    except Exception as error:
        logger.exception("pump %s", pump_id)
        return Reply(failure=f"{type(error).__name__}: {error}. The log tells where")
    return Reply(outcome=made.outcome, is_new=made.is_new)


def _lines() -> "SimpleQueue[str]":
    """The lines of stdin as they come. At its end this process ends: nobody is left who wants an answer."""
    lines: SimpleQueue[str] = SimpleQueue()

    def read() -> None:
        for line in sys.stdin:
            lines.put(line.rstrip("\n"))
        os._exit(0)

    threading.Thread(target=read, daemon=True).start()
    return lines


def main() -> None:
    """Answer until stdin ends."""
    # Libraries may print what they like; stdout is for the answers.
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    lines = _lines()
    common = Common.model_validate_json(lines.get())
    settings = settings_model().model_validate(common.settings)
    while True:
        answers.write(reply(common, settings, json.loads(lines.get())).model_dump_json() + "\n")
        answers.flush()


if __name__ == "__main__":
    main()
