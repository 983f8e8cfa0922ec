"""The manifests for Kubernetes are valid, hang together, and say what igym needs to hear."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml

from igym import settings
from igym.cli.supervisor import STOP_S

K8S = Path(__file__).parents[2] / "deploy" / "k8s"

#: The oldest and the newest Kubernetes whose schemas they are held against.
VERSIONS = ("1.29", "1.37")


def documents(folder: Path) -> list[dict[str, Any]]:
    """What `kustomize build` takes in from that folder, the base of an overlay left out."""
    listed = yaml.safe_load((folder / "kustomization.yaml").read_text("utf-8"))["resources"]
    files = [folder / name for name in listed if name.endswith(".yaml")]
    assert {*files} == {*folder.glob("*.yaml")} - {folder / "kustomization.yaml"}, "a stray file"
    return [one for file in files for one in yaml.safe_load_all(file.read_text("utf-8"))]


BASE = documents(K8S / "base")
EVERYTHING = [*BASE, *documents(K8S / "autoscale")]


def of(kind: str) -> dict[str, dict[str, Any]]:
    return {one["metadata"]["name"]: one for one in EVERYTHING if one["kind"] == kind}


def name(one: dict[str, Any]) -> str:
    return f"{one['kind']}/{one['metadata']['name']}"


@pytest.mark.parametrize("one", EVERYTHING, ids=name)
def test_each_manifest_is_valid_for_old_and_new_versions(one):
    for version in VERSIONS:
        kubernetes_validate.validate(one, version, strict=True)


def test_a_field_that_does_not_exist_would_be_noticed():
    wrong = {"apiVersion": "v1", "kind": "Namespace", "metadata": {"name": "x", "lables": {}}}
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(wrong, VERSIONS[-1], strict=True)


def test_what_they_set_are_settings_that_igym_accepts_together(tmp_path):
    env = dict(of("ConfigMap")["settings"]["data"])
    example = (K8S / "base" / "secrets.env.example").read_text("utf-8")
    secrets = dict(re.findall(r"^(\w+)=(.*)$", example, re.M))
    assert secrets.pop("IGYM_SECRET_KEY") == "", "a secret that everybody knows"
    loaded = settings.load(env | secrets, tmp_path)
    assert (loaded.environment, loaded.host, loaded.port) == ("production", "0.0.0.0", 8000)
    assert loaded.redis_url.startswith("rediss://")


@pytest.mark.parametrize("role", sorted(of("Deployment")))
def test_each_pod_is_confined_and_has_what_it_needs(role):
    spec = of("Deployment")[role]["spec"]
    pod = spec["template"]["spec"]
    (container,) = pod["containers"]
    assert spec["selector"]["matchLabels"] == spec["template"]["metadata"]["labels"]
    # Else Kubernetes writes IGYM_… variables of its own, at which igym refuses to start.
    assert pod["enableServiceLinks"] is False
    assert pod["automountServiceAccountToken"] is False
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert container["securityContext"]["readOnlyRootFilesystem"] is True
    assert container["securityContext"]["allowPrivilegeEscalation"] is False
    assert container["securityContext"]["capabilities"] == {"drop": ["ALL"]}
    assert {"requests", "limits"} <= set(container["resources"])
    mounts = {mount["name"] for mount in container["volumeMounts"]}
    assert mounts == {volume["name"] for volume in pod["volumes"]} == {"data", "tmp"}
    sources = [value["name"] for one in container["envFrom"] for value in one.values()]
    assert sources == ["settings", "secrets"]
    notice_s = float(of("ConfigMap")["settings"]["data"]["IGYM_NOTICE_S"])
    assert pod["terminationGracePeriodSeconds"] > STOP_S + (notice_s if role == "web" else 0)


def test_budgets_scalers_services_and_routes_name_what_is_there():
    roles = of("Deployment")
    for budget in of("PodDisruptionBudget").values():
        assert budget["spec"]["selector"]["matchLabels"]["tier"] in roles
    for scaler in of("HorizontalPodAutoscaler").values():
        assert scaler["spec"]["scaleTargetRef"]["name"] in roles
    (web,) = of("Service").values()
    assert web["spec"]["selector"] == {"tier": "web"}
    (rule,) = of("Ingress")["web"]["spec"]["rules"]
    (path,) = rule["http"]["paths"]
    assert path["backend"]["service"]["name"] == web["metadata"]["name"]
    assert rule["host"] in of("ConfigMap")["settings"]["data"]["IGYM_PUBLIC_URL"]
    (container,) = roles["web"]["spec"]["template"]["spec"]["containers"]
    probes = {
        kind: container[f"{kind}Probe"]["httpGet"]["path"] for kind in ("liveness", "readiness")
    }
    assert probes == {"liveness": "/healthz", "readiness": "/readyz"}
