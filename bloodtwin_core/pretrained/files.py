"""The base model that comes with the package: which files it is made of, and the proof that they are whole.

The files lie in bloodtwin_core/pretrained/model/. base_model.json names each with its sha256; what reads one checks
that first. Whoever installs the package without a base model finds no base_model.json, and is told so.
"""

from pathlib import Path

from pydantic import BaseModel, ConfigDict

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.common.files import sha256_of

FOLDER = Path(__file__).parent / "model"
CHECKPOINT = "best.ckpt"
ONNX = "model.onnx"
TORCHSCRIPT = "model.ts"
ONNX_STREAMING = "model_streaming.onnx"
SCALER = "scaler.json"
RESULTS = "test_results.yaml"
CARD = "MODEL_CARD.md"
TEST_VECTOR = "test_vector.json"
INDEX = "base_model.json"
FILES = (CHECKPOINT, ONNX, ONNX_STREAMING, TORCHSCRIPT, SCALER, RESULTS, CARD)
"""Everything that a base model is made of, beside its index. model.json and the test vector, which are made of it, name
the files that they tell of by their sha256 themselves."""


class ShippedFiles(BaseModel):
    """base_model.json: the sha256 of each file, by name."""

    model_config = ConfigDict(frozen=True, defer_build=True)

    files: dict[str, str]


def is_shipped(folder: Path = FOLDER) -> bool:
    """Whether there is a base model."""
    return (folder / INDEX).exists()


def shipped_file(name: str, folder: Path = FOLDER) -> Path:
    """The path of one file of the base model, whose sha256 is that of the index.

    Raises ArtifactMissing if there is no base model, or the file is gone or was changed.
    """
    if not is_shipped(folder):
        raise ArtifactMissing(
            f"{folder} holds no base model. Install a bloodTwin that comes with one, or train it: make pretrained"
        )
    try:
        known = ShippedFiles.model_validate_json((folder / INDEX).read_text("utf-8")).files
        path = folder / name
        whole = sha256_of(path) == known.get(name)
    except (OSError, ValueError) as error:
        raise ArtifactMissing(f"{folder / name} is not there or {INDEX} is damaged ({error}). {_REINSTALL}") from error
    if not whole:
        raise ArtifactMissing(f"{path} is not the file that {INDEX} lists: its sha256 differs. {_REINSTALL}")
    return path


_REINSTALL = "Install bloodTwin again, or train the base model again: make pretrained"
