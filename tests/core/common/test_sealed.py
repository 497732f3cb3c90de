"""A sealed file reads back as it was written, and one that was changed is refused."""

import json
import re
from datetime import UTC, datetime

import pytest
from pydantic import BaseModel

from bloodtwin_core.common.sealed import sealed, unsealed


class Told(BaseModel):
    value: float
    at: datetime
    names: tuple[str, ...] = ()


TOLD = Told(value=0.1 + 0.2, at=datetime(2026, 1, 2, 3, 4, 5, 678, tzinfo=UTC), names=("a", "b\u00fc"))


def test_what_was_sealed_reads_back() -> None:
    assert unsealed(sealed(TOLD).encode(), Told) == TOLD


def test_every_changed_digit_or_letter_of_its_values_is_noticed() -> None:
    text = sealed(TOLD)
    for place in [found.start() for found in re.finditer(r"[0-9a-f]", text)]:
        changed = text[:place] + ("1" if text[place] != "1" else "2") + text[place + 1 :]
        with pytest.raises(ValueError, match=r"changed since|valid|Invalid|delimiter"):
            unsealed(changed.encode(), Told)


def test_one_from_before_files_were_sealed_is_believed() -> None:
    assert unsealed(TOLD.model_dump_json().encode(), Told) == TOLD
    with pytest.raises(ValueError, match="value"):
        unsealed(json.dumps({"value": "x"}).encode(), Told)
