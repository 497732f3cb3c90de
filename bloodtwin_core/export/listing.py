"""Keeps model.json, which lists the exports of a folder for whoever cannot read what is inside them."""

import fcntl
import os
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bloodtwin_core.common.files import atomic_write, sha256_of, storage_errors
from bloodtwin_core.serving.facts import ExportFacts
from bloodtwin_core.serving.model_json import MODEL_JSON, ListedModel, ModelJson, read_model_json


def list_model(path: Path, facts: ExportFacts) -> None:
    """Write down beside an export what it is; files that are gone are struck off.

    Raises StorageError if the folder cannot be written, ArtifactMissing if the model.json there is damaged.
    """
    with _alone_in(path.parent):
        models = {
            name: listed
            for name, listed in read_model_json(path.parent).models.items()
            if (path.parent / name).exists()
        }
        models[path.name] = ListedModel(sha256=sha256_of(path), facts=facts)
        text = ModelJson(models=dict(sorted(models.items()))).model_dump_json(indent=2)
        with atomic_write(path.parent / MODEL_JSON) as temporary:
            temporary.write_text(text + "\n", "utf-8")


def relist(path: Path, facts: ExportFacts) -> None:
    """List an export that was written anew, where its folder keeps a model.json. Raises what list_model raises."""
    if (path.parent / MODEL_JSON).exists():
        list_model(path, facts)


@contextmanager
def _alone_in(folder: Path) -> Iterator[None]:
    """Meanwhile nobody else lists a model in the folder: several exports are written side by side."""
    with storage_errors(folder):
        descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
