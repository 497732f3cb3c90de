"""model.json: the facts and the sha256 of the exports in its folder, for whoever cannot read what is inside them.

A file that was made before facts were kept inside is told apart from it too: what model.json states and the file does
not holds, what both state must agree.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, ValidationError

from bloodtwin_core.common.errors import ArtifactMissing, in_brief
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.serving.facts import ExportFacts

MODEL_JSON = "model.json"
_AGAIN = "Export it again, or take both from one place"


class ListedModel(BaseModel):
    """What model.json says of one file."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    sha256: str
    facts: ExportFacts


class ModelJson(BaseModel):
    """model.json: each export of the folder by file name."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    models: dict[str, ListedModel]


def read_model_json(folder: Path) -> ModelJson:
    """What model.json of the folder lists, nothing without one. Raises ArtifactMissing if it is damaged."""
    path = folder / MODEL_JSON
    try:
        return ModelJson.model_validate_json(path.read_bytes()) if path.exists() else ModelJson(models={})
    except (OSError, ValidationError) as error:
        raise ArtifactMissing(f"{path} is damaged ({in_brief(error)}). {_AGAIN}") from error


def agreed_facts(path: Path, inside: ExportFacts) -> ExportFacts:
    """The facts about an export: those inside the file, and those that model.json beside it adds.

    Raises ArtifactMissing if model.json lists another file under that name, or says something else of it.
    """
    listed = read_model_json(path.parent).models.get(path.name)
    if listed is None:
        return inside
    if sha256_of(path) != listed.sha256:
        raise ArtifactMissing(f"{path} is not the file that {MODEL_JSON} lists: its sha256 differs. {_AGAIN}")
    for name in inside.model_fields_set:
        if getattr(inside, name) != getattr(listed.facts, name):
            raise ArtifactMissing(f"{path} and {MODEL_JSON} beside it do not agree on {name}. {_AGAIN}")
    return listed.facts
