"""The manifests: rendered as `kubectl apply -k` does, held against Kubernetes' own schemas, and
against what the service says of itself."""

import shutil
from pathlib import Path
from typing import Any

import kubernetes_validate
import pytest
import yaml
from starlette.routing import Mount, Route

from service import app, settings
from service.artifact import Card
from service.decode_worker import MEMORY_BYTES
from service.intake import UNTRIED
from service.settings import Settings
from service.system_routes import ROUTES
from tests.deploy.kubernetes import FOLDER, OVERLAYS, Manifest, needs_kubectl, pod_of, rendered
from tests.deploy.prometheus import FOLDER as PROMETHEUS
from tests.live_server import REPOSITORY

OLDEST = "1.30.0"  # the first whose `preStop` can sleep
VERSIONS = (OLDEST, kubernetes_validate.latest_version())
TRACES_S = 5  # that traces get at shutdown
GIB = 2**30
TOLERANCE = 0.1  # past its target, within which an autoscaler does nothing: Kubernetes' default


@pytest.fixture(params=OVERLAYS)
def overlay(request: pytest.FixtureRequest) -> dict[str, Manifest]:
    if shutil.which("kubectl") is None:
        pytest.skip(str(needs_kubectl.kwargs["reason"]))
    return rendered(FOLDER / "overlays" / request.param)


@pytest.fixture
def pod(overlay: dict[str, Manifest]) -> Manifest:
    return pod_of(overlay)


@pytest.fixture
def container(pod: Manifest) -> Manifest:
    (container,) = pod["containers"]
    return dict(container)


@pytest.fixture
def chosen(overlay: dict[str, Manifest]) -> Settings:
    """What the ConfigMap makes of the service's settings; it refuses what is not allowed."""
    data = overlay["ConfigMap"]["data"]
    assert set(data) <= {settings.variable(field) for field in Settings.model_fields}
    return settings.from_environment(data)


@pytest.mark.parametrize("version", VERSIONS)
def test_all_of_an_overlay_is_as_kubernetes_has_it(
    overlay: dict[str, Manifest], version: str
) -> None:
    for manifest in overlay.values():
        kubernetes_validate.validate(manifest, version, strict=True)


@pytest.mark.parametrize(
    "path",
    [p for p in sorted((FOLDER / "base").glob("*.yaml")) if p.name != "kustomization.yaml"],
    ids=lambda path: path.name,
)
def test_each_file_of_the_base_names_only_what_kubernetes_knows(path: Path) -> None:
    """Without kubectl too. A selector is kustomize's to add, and the one thing that is missing."""
    manifest = yaml.safe_load(path.read_text())
    if manifest["kind"] == "Deployment":
        manifest["spec"]["selector"] = {}
    kubernetes_validate.validate(manifest, OLDEST, strict=True)


def test_the_schemas_would_see_a_word_that_is_none() -> None:
    manifest = yaml.safe_load((FOLDER / "base" / "service.yaml").read_text())
    manifest["spec"]["prots"] = []
    with pytest.raises(kubernetes_validate.ValidationError, match="prots"):
        kubernetes_validate.validate(manifest, OLDEST, strict=True)


@needs_kubectl
def test_keys_come_from_a_secret_that_can_be_changed(tmp_path: Path) -> None:
    """With the component that the overlays have in a comment."""
    shutil.copytree(FOLDER, tmp_path / "kubernetes")
    kustomization = tmp_path / "kubernetes" / "overlays" / "cpu" / "kustomization.yaml"
    text = kustomization.read_text()
    kustomization.write_text(text.replace("# components:\n#   - ", "components:\n  - "))
    assert kustomization.read_text() != text
    pod = pod_of(rendered(kustomization.parent))
    (container,) = pod["containers"]
    (mount,) = [m for m in container["volumeMounts"] if m["name"] == "api-keys"]
    (volume,) = [v for v in pod["volumes"] if v["name"] == "api-keys"]
    assert volume["secret"] == {"secretName": "catdog-api-keys"}
    assert "subPath" not in mount
    (variable,) = container["env"]
    assert variable["name"] == settings.variable("api_keys_file")
    assert str(Path(variable["value"]).parent) == mount["mountPath"]


def test_pod_can_do_no_more_than_it_must(pod: Manifest, container: Manifest) -> None:
    assert pod["securityContext"]["runAsNonRoot"] is True
    assert pod["securityContext"]["seccompProfile"] == {"type": "RuntimeDefault"}
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "readOnlyRootFilesystem": True,
        "capabilities": {"drop": ["ALL"]},
    }
    assert all(volume["emptyDir"]["medium"] == "Memory" for volume in pod["volumes"])


def test_probes_ask_what_the_service_answers(container: Manifest) -> None:
    paths = {name: container[f"{name}Probe"]["httpGet"]["path"] for name in ("startup", "liveness")}
    assert paths == {"startup": "/readyz", "liveness": "/livez"}
    assert container["readinessProbe"]["httpGet"]["path"] == "/readyz"
    assert container["ports"] == [{"name": "http", "containerPort": 3000}]


def test_whoever_is_stopped_has_the_time_that_draining_may_take(
    pod: Manifest, container: Manifest, chosen: Settings
) -> None:
    before_s = container["lifecycle"]["preStop"]["sleep"]["seconds"]
    draining_s = chosen.upload_timeout_s + chosen.answer_timeout_s + TRACES_S
    assert pod["terminationGracePeriodSeconds"] >= before_s + draining_s


def test_cores_are_whole_and_as_many_as_asked_for(container: Manifest) -> None:
    """`service.cores` goes by the limit: with less than that, decoders would fight for cores."""
    resources = container["resources"]
    assert resources["limits"]["cpu"] == resources["requests"]["cpu"]
    assert resources["limits"]["cpu"].isdigit()


def test_memory_holds_the_worst_that_may_come_at_once(
    container: Manifest, chosen: Settings
) -> None:
    """All bodies, every decoder at its bound, and 1 GiB for the rest (docs/operations.md)."""
    limits = container["resources"]["limits"]
    worst = GIB + chosen.max_buffered_bytes + int(limits["cpu"]) * MEMORY_BYTES
    assert int(limits["memory"].removesuffix("Gi")) * GIB >= worst


def test_no_pod_goes_before_another_is_ready(overlay: dict[str, Manifest]) -> None:
    assert overlay["Deployment"]["spec"]["strategy"]["rollingUpdate"]["maxUnavailable"] == 0
    assert overlay["HorizontalPodAutoscaler"]["spec"]["minReplicas"] >= 2
    assert overlay["PodDisruptionBudget"]["spec"]["maxUnavailable"] == 1


def test_everything_means_the_same_pods(overlay: dict[str, Manifest]) -> None:
    labels = overlay["Deployment"]["spec"]["template"]["metadata"]["labels"]
    selectors = [
        overlay["Deployment"]["spec"]["selector"]["matchLabels"],
        overlay["Service"]["spec"]["selector"],
        overlay["PodDisruptionBudget"]["spec"]["selector"]["matchLabels"],
        overlay["NetworkPolicy"]["spec"]["podSelector"]["matchLabels"],
        *(
            spread["labelSelector"]["matchLabels"]
            for spread in pod_of(overlay)["topologySpreadConstraints"]
        ),
    ]
    assert selectors == [labels] * len(selectors)
    assert overlay["HorizontalPodAutoscaler"]["spec"]["scaleTargetRef"]["name"] == "catdog"


def test_ingress_takes_more_bytes_than_the_service_which_then_says_so(
    overlay: dict[str, Manifest], chosen: Settings
) -> None:
    annotations = overlay["Ingress"]["metadata"]["annotations"]
    sizes = [value for name, value in annotations.items() if name.endswith("body-size")]
    assert len(sizes) == 2
    assert {int(size) for size in sizes} == {chosen.max_batch_bytes + 2**20}


def test_ingress_lets_through_what_clients_need_and_nothing_else(
    overlay: dict[str, Manifest], known_card: Card
) -> None:
    async def never(_: object) -> Any:
        raise AssertionError

    served = app.build(score=never, card=known_card, tag="t", settings=Settings(), decoders=1)
    paths = {r.path for r in served.routes if isinstance(r, Route | Mount)} - set(ROUTES)
    (rule,) = overlay["Ingress"]["spec"]["rules"]
    through = {path["path"]: path["pathType"] for path in rule["http"]["paths"]}

    def is_through(path: str) -> bool:
        return any(
            path == prefix or (kind != "Exact" and path.startswith(f"{prefix}/"))
            for prefix, kind in through.items()
        )

    assert [path for path in paths if not is_through(path)] == []
    assert [path for path in ROUTES if is_through(path)] == []


def test_autoscaler_and_its_adapter_speak_of_a_metric_of_ours(
    overlay: dict[str, Manifest],
) -> None:
    (metric,) = overlay["HorizontalPodAutoscaler"]["spec"]["metrics"]
    name = metric["pods"]["metric"]["name"]
    (rule,) = yaml.safe_load((PROMETHEUS / "adapter.yml").read_text())
    assert rule["seriesQuery"].partition("{")[0] == name
    assert "namespace" in rule["resources"]["overrides"]
    assert f"`{name}`" in (REPOSITORY / "docs" / "monitoring.md").read_text()


def test_pods_that_refuse_are_past_the_autoscalers_target(
    overlay: dict[str, Manifest], chosen: Settings
) -> None:
    """Batches are refused once they would not fit; before the network's speed is known, all are."""
    (metric,) = overlay["HorizontalPodAutoscaler"]["spec"]["metrics"]
    target = int(metric["pods"]["target"]["averageValue"])
    assert metric["pods"]["metric"]["name"] == "catdog_pictures_in_flight", "what a pod refuses by"
    assert target * (1 + TOLERANCE) < min(UNTRIED, chosen.max_in_flight - chosen.max_batch_pictures)


def test_prometheus_finds_the_pods_and_names_them_as_the_adapter_asks(
    overlay: dict[str, Manifest],
) -> None:
    config = yaml.safe_load((PROMETHEUS / "kubernetes.yml").read_text())
    (job,) = config["scrape_configs"]
    keep, *named = job["relabel_configs"]
    template = overlay["Deployment"]["spec"]["template"]
    (port,) = template["spec"]["containers"][0]["ports"]
    label = template["metadata"]["labels"]["app.kubernetes.io/name"]
    assert keep["regex"] == f"{label};{port['name']}"
    assert job["kubernetes_sd_configs"][0]["namespaces"] == {
        "names": [overlay["Deployment"]["metadata"]["namespace"]]
    }
    assert {"namespace", "pod"} <= {rule.get("target_label") for rule in named}


def test_image_is_of_one_model(container: Manifest) -> None:
    _, _, tag = container["image"].rpartition(":")
    assert tag.partition("-")[0].isalnum()
    assert tag != "latest"


@needs_kubectl
def test_overlays_serve_where_they_say() -> None:
    of = {name: rendered(FOLDER / "overlays" / name) for name in OVERLAYS}
    devices = {name: found["ConfigMap"]["data"]["CATDOG_DEVICE"] for name, found in of.items()}
    assert devices == {"cpu": "cpu", "gpu": "gpu"}
    limits = {
        name: pod_of(found)["containers"][0]["resources"]["limits"] for name, found in of.items()
    }
    assert "nvidia.com/gpu" not in limits["cpu"]
    assert limits["gpu"]["nvidia.com/gpu"] == 1


def test_nothing_leaves_a_pod_and_only_named_neighbours_reach_its_one_port(
    overlay: dict[str, Manifest],
) -> None:
    policy = overlay["NetworkPolicy"]["spec"]
    assert sorted(policy["policyTypes"]) == ["Egress", "Ingress"]
    assert policy["egress"] == []
    (rule,) = policy["ingress"]
    assert rule["from"]
    assert all(source["namespaceSelector"]["matchLabels"] for source in rule["from"])
    assert rule["ports"] == [{"protocol": "TCP", "port": "http"}]
    labels = overlay["Namespace"]["metadata"]["labels"]
    assert labels["pod-security.kubernetes.io/enforce"] == "restricted"
