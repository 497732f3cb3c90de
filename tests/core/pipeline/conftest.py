"""What several tests of pipeline share."""

import pytest

from bloodtwin_core.config import Settings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from tests.core.pipeline.made_versions import two_versions_and_a_candidate


@pytest.fixture(scope="session")
def versions(tmp_path_factory: pytest.TempPathFactory) -> tuple[ArtifactStore, Settings]:
    """Two published versions and a candidate, made once; whoever changes it copies it."""
    return two_versions_and_a_candidate(tmp_path_factory.mktemp("versions"))
