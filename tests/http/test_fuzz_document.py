"""The OpenAPI document and the service agree: schemathesis finds no request that says otherwise."""

from pathlib import Path

from tests.abuse import processes, schema_fuzz
from tests.live_server import Server

EXAMPLES = 100
SLOWEST_S = 10  # of a machine that may be slow and shared; `make fuzz` asks for 2


def test_every_answer_is_one_that_the_document_describes(server: Server, tmp_path: Path) -> None:
    before = processes.services(server)
    run = schema_fuzz.run(server.url, tmp_path, examples=EXAMPLES, seed=0, slowest_s=SLOWEST_S)
    assert run.has_passed, run.text
    assert run.statuses[200] > EXAMPLES / 4, "hardly a good picture among the requests"
    assert run.statuses.total() > 2 * EXAMPLES
    assert processes.services(server) == before
