"""JSON files that carry a sha256 of themselves, so that a change by accident is noticed by whoever reads them."""

import hashlib
import json
from typing import Any, TypeVar

from pydantic import BaseModel

Model = TypeVar("Model", bound=BaseModel)
_SEAL = "sha256"


def sealed(model: BaseModel, indent: int = 2) -> str:
    """A model as JSON, with the sha256 of what it holds."""
    content = model.model_dump(mode="json")
    return json.dumps({**content, _SEAL: _sha256_of(content)}, indent=indent) + "\n"


def unsealed(text: bytes, kind: type[Model]) -> Model:
    """The model that was sealed; one from before files were sealed is believed.

    Raises ValueError if it is damaged, or was changed since it was written.
    """
    content = json.loads(text)
    told = content.pop(_SEAL, None) if isinstance(content, dict) else None
    is_other = told != _sha256_of(content) if told is not None else bool(set(content) - set(kind.model_fields))
    if is_other:
        raise ValueError("it was changed since it was written")
    return kind.model_validate_json(json.dumps(content))


def _sha256_of(content: Any) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()
