"""What several tests of pipeline share."""

from pathlib import Path

import pytest

from bloodtwin_core.config import Settings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from tests.core.pipeline.made_versions import made, make_two_versions_and_a_candidate
from tests.core.pipeline.new_processes import in_new_process
from tests.once import made_once


@pytest.fixture(scope="session")
def versions(shared_folder: Path) -> tuple[ArtifactStore, Settings]:
    """Two published versions and a candidate, made once; whoever changes it copies it."""
    folder = shared_folder / "versions"

    def make() -> str:
        in_new_process(make_two_versions_and_a_candidate, folder)
        return ""

    made_once(shared_folder / "versions.txt", make)
    return made(folder)
