"""Where the stages of a run work: in one process, or on Kubernetes each in a pod of its own."""

import os
from pathlib import Path

import dagster as dg
import yaml

from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.common.extras import require_installed

STEPS_VARIABLE = "BLOODTWIN_KUBERNETES_STEPS"
"""Environment variable that names a file: the config of dagster-k8s' k8s_job_executor, as YAML."""


def executor_is_here() -> bool:
    """Whether all stages of a run work in the run's own process."""
    return not os.environ.get(STEPS_VARIABLE)


def executor() -> dg.ExecutorDefinition:
    """One process, unless STEPS_VARIABLE asks for pods.

    Imports alone would cost several seconds for every stage, and mostly there is one machine. Raises SettingsError if
    the file cannot be used, MissingExtra if dagster-k8s is not installed.
    """
    if executor_is_here():
        return dg.in_process_executor
    named = os.environ[STEPS_VARIABLE]
    require_installed("dagster_k8s")
    from dagster_k8s import k8s_job_executor

    try:
        config = yaml.safe_load(Path(named).read_text("utf-8"))
        # Dagster itself would look at it when a run starts.
        dg.validate_run_config(
            dg.GraphDefinition("no_stages").to_job(executor_def=k8s_job_executor), {"execution": {"config": config}}
        )
    except (OSError, UnicodeDecodeError, yaml.YAMLError, dg.DagsterInvalidConfigError) as error:
        told = " ".join(str(error).split())[:200]
        raise SettingsError(
            f"{named}, which {STEPS_VARIABLE} names, is no config of k8s_job_executor: {told}. "
            "deploy/k8s/settings.yaml has one that is"
        ) from error
    return k8s_job_executor.configured(config, name="pods")
