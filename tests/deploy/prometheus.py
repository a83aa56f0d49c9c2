"""A real Prometheus, which scrapes a live server and answers queries."""

import math
import re
import shutil
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest
import yaml

from benchmarks.serving.server import free_port
from tests.live_server import REPOSITORY

FOLDER = REPOSITORY / "deploy" / "prometheus"
METRIC = re.compile(r"\b(?:catdog_[a-z_]+|job[a-z_]*:[a-z0-9_:]+|up)\b(?!\s*\()")
RULES = [
    rule
    for group in yaml.safe_load((FOLDER / "rules.yml").read_text())["groups"]
    for rule in group["rules"]
]
ALERTS = {rule["alert"]: rule for rule in RULES if "alert" in rule}
START_TIMEOUT_S = 20

needs_prometheus = pytest.mark.skipif(
    shutil.which("prometheus") is None or shutil.which("promtool") is None,
    reason="prometheus and promtool are missing: `apt-get install prometheus`",
)


@dataclass(frozen=True)
class Prometheus:
    """Where it listens."""

    url: str

    def values(self, expression: str) -> list[float]:
        """What an expression comes to at this moment; numbers only, no NaN.

        Raises:
            AssertionError: it is no PromQL.
        """
        answer = httpx.get(f"{self.url}/api/v1/query", params={"query": expression}).json()
        assert answer["status"] == "success", f"{expression}: {answer}"
        values = [float(series["value"][1]) for series in answer["data"]["result"]]
        return [value for value in values if math.isfinite(value)]

    def rules(self) -> dict[str, tuple[str, str]]:
        """Each rule's health and last error, by its name."""
        groups = httpx.get(f"{self.url}/api/v1/rules").json()["data"]["groups"]
        rules = [rule for group in groups for rule in group["rules"]]
        return {rule["name"]: (rule["health"], rule.get("lastError", "")) for rule in rules}


@contextmanager
def running(folder: Path, target: str) -> Iterator[Prometheus]:
    """Prometheus with the configuration that is shipped, but for its target and its haste.

    Args:
        target: host and port of the service.
    """
    shutil.copytree(FOLDER, folder)
    config = yaml.safe_load((folder / "prometheus.yml").read_text())
    config["global"] = {"scrape_interval": "1s", "evaluation_interval": "1s"}
    config["scrape_configs"][0]["static_configs"] = [{"targets": [target]}]
    (folder / "prometheus.yml").write_text(yaml.safe_dump(config))
    address = f"127.0.0.1:{free_port()}"
    command = ["prometheus", f"--config.file={folder}/prometheus.yml"]
    command += [f"--storage.tsdb.path={folder}/data", f"--web.listen-address={address}"]
    with (folder / "log.txt").open("wb") as log:
        process = subprocess.Popen(command, stdout=log, stderr=subprocess.STDOUT)
    try:
        _wait_until_ready(process, f"http://{address}", folder / "log.txt")
        yield Prometheus(f"http://{address}")
    finally:
        process.terminate()
        process.wait(timeout=20)


def _wait_until_ready(process: subprocess.Popen[bytes], url: str, log: Path) -> None:
    deadline = time.monotonic() + START_TIMEOUT_S
    while time.monotonic() < deadline and process.poll() is None:
        try:
            if httpx.get(f"{url}/-/ready").status_code == 200:
                return
        except httpx.TransportError:
            pass
        time.sleep(0.1)
    raise RuntimeError(f"Prometheus is not ready:\n{log.read_text()}")
