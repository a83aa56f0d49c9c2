"""schemathesis on the live server's OpenAPI document, in a process of its own."""

import json
import os
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from tests.live_server import REPOSITORY

CONFIG = Path(__file__).parent / "schemathesis.toml"
PICTURES = "tests.abuse.schemathesis_pictures"


@dataclass(frozen=True)
class SchemaRun:
    """What schemathesis found, in its own words, and what it sent."""

    has_passed: bool
    text: str
    statuses: Counter[int]
    slowest_s: float


def run(url: str, folder: Path, *, examples: int, seed: int, slowest_s: float) -> SchemaRun:
    """Generate requests from the document and hold every answer against it.

    Args:
        url: of the server.
        folder: gets every request and answer, as `schema.ndjson`, and `schema.txt`.
        examples: requests at most to each route that takes any input, beside fixed ones.
        seed: the same requests for the same document.
        slowest_s: an answer that takes longer is a failure.
    """
    events = folder / "schema.ndjson"
    command = [sys.executable, "-m", "schemathesis.cli", "--no-color"]
    command += ["--config-file", str(CONFIG), "run", f"{url}/openapi.json"]
    options = {
        "--seed": seed,
        "--max-examples": examples,
        "--max-response-time": slowest_s,
        "--report": "ndjson",
        "--report-ndjson-path": events,
        "--generation-database": "none",
    }
    done = subprocess.run(
        command + [str(word) for option in options.items() for word in option],
        cwd=REPOSITORY,
        env=os.environ | {"SCHEMATHESIS_HOOKS": PICTURES},
        capture_output=True,
        text=True,
        check=False,
    )
    text = done.stdout + done.stderr
    (folder / "schema.txt").write_text(text)
    answers = list(_answers(events)) if events.exists() else []
    return SchemaRun(
        has_passed=done.returncode == 0,
        text=text,
        statuses=Counter(status for status, _ in answers),
        slowest_s=max((elapsed for _, elapsed in answers), default=0.0),
    )


def _answers(events: Path) -> Iterator[tuple[int, float]]:
    """Status and seconds of every answer."""
    with events.open() as lines:
        for line in lines:
            (event,) = json.loads(line).values()
            interactions = event.get("recorder", {}).get("interactions", {})
            for interaction in interactions.values():
                if answer := interaction["response"]:
                    yield answer["status_code"], answer["elapsed"]
