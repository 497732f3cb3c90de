import tomllib
from pathlib import Path

import pytest

from bloodtwin_core.common.extras import EXTRAS, advice_on

PYPROJECT = Path(__file__).parents[3] / "pyproject.toml"
DISTRIBUTIONS = {
    "PIL": "pillow",
    "sklearn": "scikit-learn",
    "dagster_webserver": "dagster-webserver",
    "dagster_k8s": "dagster-k8s",
    "dagster_postgres": "dagster-postgres",
    "cgm_format": "cgm-format",
    "prometheus_client": "prometheus-client",
    "starlette": "fastapi",  # Which depends on it.
}


def test_the_advice_names_what_is_missing_and_the_command_that_brings_it() -> None:
    with pytest.raises(ModuleNotFoundError) as raised:
        raise ModuleNotFoundError("No module named 'torch'", name="torch.nn")
    assert advice_on(raised.value) == "torch is not installed. Install it with: pip install 'bloodtwin[graph]'"


def test_a_module_that_no_extra_brings_has_no_advice() -> None:
    assert advice_on(ModuleNotFoundError("No module named 'bloodtwin_core.attic'", name="bloodtwin_core.attic")) is None


def test_every_extra_brings_what_it_is_advised_for() -> None:
    extras = tomllib.loads(PYPROJECT.read_text())["project"]["optional-dependencies"]
    for extra, packages in EXTRAS.items():
        brought = " ".join(extras[extra])
        assert all(DISTRIBUTIONS.get(package, package) in brought for package in packages)
