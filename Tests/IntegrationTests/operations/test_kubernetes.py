"""deploy/kubernetes without a cluster: Kubernetes' own schemas and kustomize take it, and the sidecar its file."""

import shutil
import subprocess
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from actors.sidecar import ROOT, run

FOLDER = ROOT / "deploy/kubernetes"
#: An old version of Kubernetes, and the newest whose schemas the package has.
VERSIONS = ["1.27", kubernetes_validate.latest_version()]

DATABASE = {
    "apiVersion": "apps/v1", "kind": "StatefulSet",
    "metadata": {"name": "app", "labels": {"app.kubernetes.io/name": "postgresql"}},
    "spec": {
        "serviceName": "app",
        "selector": {"matchLabels": {"app": "app"}},
        "template": {
            "metadata": {"labels": {"app": "app"}},
            "spec": {"containers": [{"name": "postgresql", "image": "postgres:17.6",
                                     "readinessProbe": {"exec": {"command": ["pg_isready"]}}}]},
        },
    },
}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """The folder as a user has it who has followed its head."""
    copy = tmp_path / "kubernetes"
    shutil.copytree(FOLDER, copy)
    shutil.copy(copy / "sidecar.yaml.example", copy / "sidecar.yaml")
    (copy / "secrets").mkdir()
    for name in ("ticket", "database"):
        (copy / "secrets" / name).write_text("secret")
    return copy


def rendered(folder: Path) -> list[dict[str, Any]]:
    if shutil.which("kubectl") is None:
        pytest.skip("there is no kubectl here")
    result = subprocess.run(["kubectl", "kustomize", folder], capture_output=True, text=True, timeout=100)
    assert result.returncode == 0, result.stderr
    return list(yaml.safe_load_all(result.stdout))


def validate(documents: list[dict[str, Any]]) -> None:
    for document in documents:
        for version in VERSIONS:
            kubernetes_validate.validate(document, version, strict=True)


def pod(documents: list[dict[str, Any]], kind: str) -> dict[str, Any]:
    found, = [document for document in documents if document["kind"] == kind]
    return found["spec"]["template"]["spec"]


def container(pod: dict[str, Any]) -> dict[str, Any]:
    found, = [container for container in pod["containers"] if container["name"] == "wamp-sidecar"]
    return found


def test_each_file_by_itself() -> None:
    """Also where there is no kustomize."""
    deployment = yaml.safe_load((FOLDER / "deployment.yaml").read_text())
    validate([deployment, yaml.safe_load((FOLDER / "disruption-budget.yaml").read_text())])
    with pytest.raises(kubernetes_validate.ValidationError):
        deployment["spec"]["template"]["spec"]["containers"][0]["livenessprobe"] = {}
        validate([deployment])


def test_the_deployment(folder: Path) -> None:
    documents = rendered(folder)
    validate(documents)
    kinds = {document["kind"]: document for document in documents}
    assert set(kinds) == {"ConfigMap", "Secret", "Deployment", "PodDisruptionBudget"}
    spec = kinds["Deployment"]["spec"]
    assert spec["replicas"] == 2 and spec["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    budget = kinds["PodDisruptionBudget"]["spec"]
    assert budget["selector"] == spec["selector"] and budget["maxUnavailable"] == 1
    inside = pod(documents, "Deployment")
    assert container(inside)["readinessProbe"]["httpGet"] == {"path": "/ready", "port": "admin"}
    assert container(inside)["livenessProbe"]["httpGet"] == {"path": "/live", "port": "admin"}
    # The generated names are those that the Pod mounts.
    volumes = {volume["name"]: volume for volume in inside["volumes"]}
    assert volumes["configuration"]["configMap"]["name"] == kinds["ConfigMap"]["metadata"]["name"]
    assert volumes["secrets"]["secret"]["secretName"] == kinds["Secret"]["metadata"]["name"]


def test_beside_postgresql(folder: Path) -> None:
    """The database's Pod gets the container, whose readiness does not count."""
    mine = folder.parent / "mine"
    mine.mkdir()
    (mine / "database.yaml").write_text(yaml.safe_dump(DATABASE))
    other = {**DATABASE, "metadata": {"name": "other"}}
    (mine / "other.yaml").write_text(yaml.safe_dump(other))
    (mine / "kustomization.yaml").write_text(yaml.safe_dump(
        {"resources": ["database.yaml", "other.yaml"], "components": ["../kubernetes/beside-postgresql"]}))
    documents = rendered(mine)
    validate(documents)
    patched, = [document for document in documents if document["metadata"]["name"] == "app"]
    assert other in documents
    ours = container(pod([patched], "StatefulSet"))
    assert "readinessProbe" not in ours and ours["livenessProbe"]["httpGet"]["path"] == "/live"
    theirs, = DATABASE["spec"]["template"]["spec"]["containers"]
    assert theirs in pod([patched], "StatefulSet")["containers"]


@pytest.mark.parametrize("file", ["deployment.yaml", "beside-postgresql/container.yaml"])
def test_both_are_alike(file: str) -> None:
    """The container is written twice, as a component can't take it from the Deployment."""
    inside = yaml.safe_load((FOLDER / file).read_text())["spec"]["template"]["spec"]
    ours = container(inside)
    user = (ROOT / "Dockerfile").read_text().split("\nUSER ")[1].split("\n")[0]
    context = inside.get("securityContext", {}) | ours["securityContext"]
    assert user == f"{context['runAsUser']}:{context['runAsGroup']}"
    assert context["runAsNonRoot"] and context["readOnlyRootFilesystem"]
    assert context["capabilities"] == {"drop": ["ALL"]}
    assert context["seccompProfile"] == {"type": "RuntimeDefault"} and not context["allowPrivilegeEscalation"]
    assert ours["resources"] == {"requests": {"cpu": "20m", "memory": "40Mi"}, "limits": {"memory": "96Mi"}}
    assert [mount["mountPath"] for mount in ours["volumeMounts"]] == ["/etc/wamp-sidecar", "/run/secrets/wamp-sidecar"]


def test_the_image_is_this_version() -> None:
    version = run("--version").stdout.split()[1]
    for file in ("kustomization.yaml", "beside-postgresql/kustomization.yaml"):
        assert yaml.safe_load((FOLDER / file).read_text())["images"][0]["newTag"] == version


def test_the_file_is_taken(tmp_path: Path) -> None:
    configuration = yaml.safe_load((FOLDER / "sidecar.yaml.example").read_text())
    port = configuration.pop("admin")["listen"].rpartition(":")[2]
    for file in ("deployment.yaml", "beside-postgresql/container.yaml"):
        inside = yaml.safe_load((FOLDER / file).read_text())["spec"]["template"]["spec"]
        assert {"name": "admin", "containerPort": int(port)} in container(inside)["ports"]
    for name in ("ticket", "database"):
        (tmp_path / name).write_text("secret")
    (tmp_path / "sidecar.yaml").write_text(yaml.safe_dump(configuration))
    result = run("check", tmp_path / "sidecar.yaml", environment={"SECRETS": f"{tmp_path}/"})
    assert (result.returncode, result.stderr) == (0, "")
