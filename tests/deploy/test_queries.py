"""What the dashboard and the alerts ask for is there: asked of a real Prometheus, of a live server.

One server, real traffic, its network killed once so that there is a restart to see.
"""

import time
from collections.abc import Iterator

import httpx
import pytest

from deploy import panels
from tests import pictures
from tests.abuse.processes import process_of
from tests.deploy import prometheus
from tests.deploy.prometheus import METRIC, RULES, Prometheus
from tests.live_server import Server
from tests.pictures import BLUE, GREEN, RED

pytestmark = prometheus.needs_prometheus

TIMEOUT_S = 60
# As the rules' windows are, so that a few scrapes fill it.
VARIABLES = {"$__rate_interval": "1m", "$job": "catdog"}


def send_some_of_everything(server: Server) -> None:
    with httpx.Client(base_url=server.url, timeout=30) as client:
        for rgb in (RED, BLUE, GREEN):
            client.post("/predict", content=pictures.plain(rgb))
        batch = [pictures.plain(RED), pictures.truncated_jpeg(), b"hello"]
        client.post("/predict/batch", files=[("image", ("a", data)) for data in batch])
        client.post("/predict", content=b"hello")
        client.get("/")
        client.get("/nowhere")


def kill_the_network(server: Server) -> None:
    """Until /readyz has said so, and taken it back."""
    process_of(server, "Network").kill()
    for status in (503, 200):
        deadline = time.monotonic() + TIMEOUT_S
        while httpx.get(f"{server.url}/readyz", timeout=30).status_code != status:
            assert time.monotonic() < deadline, f"/readyz never was {status}"
            time.sleep(0.05)


@pytest.fixture(scope="module")
def watching(
    tested_server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Prometheus]:
    folder = tmp_path_factory.mktemp("prometheus") / "config"
    with prometheus.running(folder, f"127.0.0.1:{tested_server.port}") as watching:
        begun = {"begun": 'catdog_process_start_time_seconds{process="network"}'}
        assert until_all_answer(watching, tested_server, begun) == {}
        kill_the_network(tested_server)
        yield watching


def until_all_answer(
    watching: Prometheus, server: Server, expressions: dict[str, str]
) -> dict[str, str]:
    """Those that still have no number after a while of traffic."""
    missing = dict(expressions)
    deadline = time.monotonic() + TIMEOUT_S
    while missing and time.monotonic() < deadline:
        send_some_of_everything(server)
        missing = {name: asked for name, asked in missing.items() if not watching.values(asked)}
    return missing


def test_every_query_of_every_panel_finds_its_series(
    watching: Prometheus, tested_server: Server
) -> None:
    asked = {}
    for panel in (panel for row in panels.ROWS.values() for panel in row):
        for expression, legend in panel.queries:
            for name, value in VARIABLES.items():
                expression = expression.replace(name, value)
            asked[f"{panel.title}: {legend}"] = expression
    assert len(asked) > 30
    assert until_all_answer(watching, tested_server, asked) == {}


def test_every_recorded_series_and_every_metric_of_an_alert_is_there(
    watching: Prometheus, tested_server: Server
) -> None:
    names = {rule["record"] for rule in RULES if "record" in rule}
    names |= {name for rule in RULES for name in METRIC.findall(rule["expr"])}
    assert {"up", "catdog_model_info", "job:catdog_confidence:drop_6h"} <= names
    assert until_all_answer(watching, tested_server, {name: name for name in names}) == {}


def test_every_rule_is_evaluated_without_error(watching: Prometheus) -> None:
    def rules() -> dict[str, tuple[str, str]]:
        return watching.rules()

    deadline = time.monotonic() + TIMEOUT_S
    while any(health == "unknown" for health, _ in rules().values()):
        assert time.monotonic() < deadline
        time.sleep(0.1)
    assert {name: said for name, said in rules().items() if said != ("ok", "")} == {}
    assert set(rules()) == {rule.get("record") or rule["alert"] for rule in RULES}


def test_what_the_card_says_is_what_is_expected(
    watching: Prometheus, tested_server: Server
) -> None:
    """Of `TESTED`: 90 of 98 answered cat or dog are right; 50, 48 and 2 of 100 got each label."""
    asked = {"confidence": "catdog_expected_confidence_ratio"}
    assert until_all_answer(watching, tested_server, asked) == {}
    assert watching.values(asked["confidence"]) == [pytest.approx(90 / 98)]
    shares = {
        label: watching.values(f'catdog_expected_label_ratio{{label="{label}"}}')
        for label in ("cat", "dog", "neither")
    }
    assert shares == {"cat": [0.5], "dog": [0.48], "neither": [0.02]}


def test_a_restart_of_one_process_is_seen_as_one(watching: Prometheus) -> None:
    started = "catdog_process_start_time_seconds"
    deadline = time.monotonic() + TIMEOUT_S
    while watching.values(f'changes({started}{{process="network"}}[10m])') != [1]:
        assert time.monotonic() < deadline
        time.sleep(0.2)
    assert watching.values(f'changes({started}{{process="http"}}[10m])') == [0]
