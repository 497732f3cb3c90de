"""What a light installation lacks, and the command that brings it."""

from importlib.util import find_spec

EXTRAS = {
    "import": ("pandas", "requests"),
    "graph": (
        *("dagster", "jinja2", "lightning", "matplotlib", "numba", "onnx"),
        *("PIL", "scipy", "sklearn", "tensorboard", "torch"),
    ),
    "ui": ("dagster_webserver",),
    "kubernetes": ("dagster_k8s", "dagster_postgres"),
    "control": ("gymnasium",),
    "serve": ("fastapi", "prometheus_client", "starlette", "uvicorn"),
    "tandem": ("tconnectsync",),
    "vendor": ("cgm_format",),
    "dexcom-share": ("pydexcom",),
    "librelinkup": ("pylibrelinkup",),
    "notify": ("apprise",),
    "s3": ("boto3",),
}
"""Packages that an extra of pyproject.toml brings, by the name under which they are imported."""


def advice_on(missing: ModuleNotFoundError) -> str | None:
    """What is missing and how to get it, in one line; None for a module that no extra brings."""
    package = (missing.name or "").partition(".")[0]
    for extra, packages in EXTRAS.items():
        if package in packages:
            return f"{package} is not installed. Install it with: pip install 'bloodtwin[{extra}]'"
    return None


def require_installed(package: str) -> None:
    """Raise ModuleNotFoundError in a light installation, before a child process would in words of its own."""
    if find_spec(package) is None:
        raise ModuleNotFoundError(f"No module named '{package}'", name=package)
