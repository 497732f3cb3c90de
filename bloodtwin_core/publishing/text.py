"""Published versions as a Markdown table, for terminals."""

from collections.abc import Sequence

from bloodtwin_core.publishing.manifest import VersionManifest

_HEAD = ("version", "published (UTC)", "learnt up to", "MAE (mg/dL)", "run", "checkpoint")


def versions_table(versions: Sequence[VersionManifest], in_use: str) -> str:
    """A row a version, the oldest first; the one in use is marked."""
    rows = [_HEAD, ("---",) * len(_HEAD), *(_row(version, in_use) for version in versions)]
    return "".join(f"| {' | '.join(row)} |\n" for row in rows)


def _row(version: VersionManifest, in_use: str) -> tuple[str, ...]:
    return (
        f"{version.version}{' (in use)' if version.version == in_use else ''}",
        f"{version.published:%Y-%m-%d %H:%M}",
        f"{version.newest:%Y-%m-%d}",
        "not measured" if version.mae is None else f"{version.mae:.2f}",
        version.run[:8],
        version.checkpoint_sha256[:12],
    )
