"""What a published version was trained from: kept when it is published, forgotten with it."""

import logging
from pathlib import Path

from bloodtwin_core.common.errors import ArtifactMissing
from bloodtwin_core.common.files import sha256_of
from bloodtwin_core.common.given_files import given_path
from bloodtwin_core.config import PRETRAINED, PUBLISHED, PublishingSettings, Settings
from bloodtwin_core.pipeline.artifacts import ArtifactStore
from bloodtwin_core.pretrained.files import CHECKPOINT, shipped_file
from bloodtwin_core.publishing.kept import KeptFiles
from bloodtwin_core.publishing.manifest import VersionManifest, read_manifest
from bloodtwin_core.publishing.store import CHECKPOINT_FILE, PublishedStore, number_of

logger = logging.getLogger(__name__)
MEBIBYTE = 2**20


def keep_sources(store: ArtifactStore, settings: Settings, manifest: VersionManifest) -> None:
    """Keep the split files of a version, and the checkpoint whose weights it began with.

    Raises ArtifactMissing if a split file is gone or changed, StorageError if there is no room for it.
    """
    if not settings.publishing.keep_sources_mib:
        return
    kept = KeptFiles(store.version_sources)
    for file in manifest.data.files:
        kept.keep(store.folder / file.path, file.sha256)
    if manifest.started_from:
        start = _start(store, settings.training.start_from, manifest.started_from)
        if start is None:
            logger.warning("The checkpoint that %s began with is gone: it cannot be trained again", manifest.version)
        else:
            kept.keep(start, manifest.started_from)


def forget_sources(store: ArtifactStore, published: PublishedStore, settings: PublishingSettings) -> None:
    """Remove what no version needs; and of the oldest ones, but last of that in use, what is beyond the limit.

    Nothing is removed while a version does not tell what it was trained from. Its other files may be gone or changed.
    """
    pointer = published.pointer
    in_use = pointer.version if pointer else ""
    versions = sorted(published.versions(), key=lambda version: (version == in_use, number_of(version)), reverse=True)
    try:
        groups = [read_manifest(published.place(version)).sources for version in versions]
    except ArtifactMissing as error:
        logger.warning("%s. While this is so, nothing that versions were trained from is removed", error)
        return
    gone = KeptFiles(store.version_sources).prune(groups, settings.keep_sources_mib * MEBIBYTE)
    if gone:
        logger.info("Removed %d files that versions were trained from (publishing.keep_sources_mib)", gone)


def _start(store: ArtifactStore, start_from: str, sha256: str) -> Path | None:
    """Where the checkpoint of this sha256 lies that a training began with; None if it is nowhere any more."""
    published = PublishedStore(store.published)
    places = [published.place(version) / CHECKPOINT_FILE for version in published.versions()]
    if start_from == PRETRAINED:
        places = [shipped_file(CHECKPOINT)]
    elif start_from != PUBLISHED:
        places = [given_path(start_from)]
    return next((place for place in places if place.is_file() and sha256_of(place) == sha256), None)
