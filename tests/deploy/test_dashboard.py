"""The dashboard that is shipped is the one that is described, and fits Grafana's grid."""

import itertools
import json
import re

import yaml

from deploy import dashboard, panels
from tests.deploy.prometheus import ALERTS
from tests.live_server import REPOSITORY

GRAFANA = REPOSITORY / "deploy" / "grafana"
SHIPPED = json.loads((GRAFANA / "dashboards" / "catdog.json").read_text())


def provisioned(name: str) -> dict[str, object]:
    found: dict[str, object] = yaml.safe_load((GRAFANA / "provisioning" / name).read_text())
    return found


def test_file_is_what_its_script_prints() -> None:
    advice = "python -m deploy.dashboard > deploy/grafana/dashboards/catdog.json"
    assert dashboard.dashboard() == SHIPPED, advice


def test_panels_lie_side_by_side() -> None:
    places = [panel["gridPos"] for panel in SHIPPED["panels"]]
    cells = [
        {(x, y) for x in range(p["x"], p["x"] + p["w"]) for y in range(p["y"], p["y"] + p["h"])}
        for p in places
    ]
    assert all(p["x"] + p["w"] <= panels.WIDTH for p in places)
    assert all(a.isdisjoint(b) for a, b in itertools.combinations(cells, 2))


def test_every_panel_says_what_it_shows_and_has_a_number_of_its_own() -> None:
    ids = [panel["id"] for panel in SHIPPED["panels"]]
    assert len(set(ids)) == len(ids)
    assert [
        p["title"] for p in SHIPPED["panels"] if p["type"] != "row" and not p["description"]
    ] == []


def test_alerts_that_panels_name_are_there() -> None:
    named = set(re.findall(r"CatDog\w+", json.dumps(SHIPPED)))
    assert named
    assert named <= set(ALERTS)


def test_provisioning_fits_the_dashboard_and_compose() -> None:
    (source,) = provisioned("datasources/prometheus.yml")["datasources"]
    (provider,) = provisioned("dashboards/catdog.yml")["providers"]
    compose = yaml.safe_load((REPOSITORY / "compose.yaml").read_text())["services"]
    mounts = {mount["target"]: mount["source"] for mount in compose["grafana"]["volumes"]}
    assert source["type"] == dashboard.DATASOURCE["type"]
    assert source["url"] == "http://prometheus:9090"
    assert "prometheus" in compose
    assert mounts[provider["options"]["path"]] == "./deploy/grafana/dashboards"
    assert mounts["/etc/grafana/provisioning"] == "./deploy/grafana/provisioning"
