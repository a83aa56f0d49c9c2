"""The rules, by promtool and by what must be beside them."""

import re
import subprocess
from pathlib import Path

import pytest
import yaml

from deploy import panels
from tests.deploy.prometheus import ALERTS, FOLDER, METRIC, RULES, needs_prometheus
from tests.live_server import REPOSITORY

UNIT_TESTS = yaml.safe_load((FOLDER / "rules_test.yml").read_text())["tests"]
RUNBOOKS = (REPOSITORY / "docs" / "runbooks.md").read_text()
SECTIONS = re.findall(r"^## (\w+)\n\n\*(\w+)\.\* ", RUNBOOKS, flags=re.MULTILINE)


def promtool(command: str, folder: Path = FOLDER) -> None:
    """Assert that it finds nothing wrong."""
    done = subprocess.run(
        ["promtool", *command.split()], cwd=folder, capture_output=True, text=True
    )
    assert done.returncode == 0, done.stdout + done.stderr


@needs_prometheus
@pytest.mark.parametrize(
    "command",
    ["check rules rules.yml", "check config prometheus.yml", "test rules rules_test.yml"],
)
def test_promtool_finds_nothing_wrong(command: str) -> None:
    promtool(command)


@needs_prometheus
def test_promtool_finds_nothing_wrong_in_the_job_for_kubernetes(tmp_path: Path) -> None:
    """But for how pods are found: Debian's is built without Kubernetes, and knows no such field."""
    config = yaml.safe_load((FOLDER / "kubernetes.yml").read_text())
    (job,) = config["scrape_configs"]
    assert job.pop("kubernetes_sd_configs")[0]["role"] == "pod"
    (tmp_path / "rest.yml").write_text(yaml.safe_dump(config))
    promtool("check config rest.yml", tmp_path)


def outcomes(alert: str) -> set[bool]:
    """Whether the unit tests see it firing, and silent."""
    return {
        bool(case["exp_alerts"])
        for test in UNIT_TESTS
        for case in test.get("alert_rule_test", ())
        if case["alertname"] == alert
    }


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_each_alert_is_tested_firing(alert: str) -> None:
    assert True in outcomes(alert)


@pytest.mark.parametrize("alert", sorted(set(ALERTS) - {"CatDogRestarts"}))
def test_each_alert_is_tested_silent(alert: str) -> None:
    """That of CatDogRestarts has a silent process beside the one that it fires for."""
    assert False in outcomes(alert)


def test_each_alert_has_its_paragraph_and_each_paragraph_its_alert() -> None:
    severities = {name: rule["labels"]["severity"] for name, rule in ALERTS.items()}
    assert dict(SECTIONS) == severities


@pytest.mark.parametrize("alert", sorted(ALERTS))
def test_each_alert_links_to_its_paragraph(alert: str) -> None:
    assert ALERTS[alert]["annotations"]["runbook"] == f"docs/runbooks.md#{alert.lower()}"


def test_the_metrics_that_are_asked_for_are_documented() -> None:
    documented = (REPOSITORY / "docs" / "monitoring.md").read_text()
    asked = " ".join(
        [*(rule["expr"] for rule in RULES)]
        + [query for row in panels.ROWS.values() for panel in row for query, _ in panel.queries]
    )
    names = {
        re.sub(r"_(bucket|sum|count)$", "", name)
        for name in METRIC.findall(asked)
        if name.startswith("catdog_")
    }
    assert sorted(name for name in names if f"`{name}" not in documented) == []
