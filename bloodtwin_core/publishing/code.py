"""Which program a version was made by."""

import hashlib
from pathlib import Path

import bloodtwin_core
from bloodtwin_core.publishing.manifest import Code


def code_now(python: str, packages: dict[str, str]) -> Code:
    """The program that runs: bloodtwin_core's version, and a sha256 over its Python files in order of their names."""
    folder = Path(bloodtwin_core.__file__).parent
    digest = hashlib.sha256()
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes())
    return Code(version=bloodtwin_core.__version__, sha256=digest.hexdigest(), python=python, packages=packages)
