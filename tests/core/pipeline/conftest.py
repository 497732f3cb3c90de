"""What several tests of pipeline share."""

import pytest

from bloodtwin_core.config import Settings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from tests.core.pipeline.made_versions import made, make_two_versions_and_a_candidate
from tests.core.pipeline.new_processes import in_new_process


@pytest.fixture(scope="session")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[ArtifactStore, Settings]:
    """Two published versions and a candidate, made once; whoever changes it copies it."""
    folder = tmp_path_factory.mktemp("versions")
    in_new_process(make_two_versions_and_a_candidate, folder)
    return made(folder)
