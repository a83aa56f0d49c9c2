"""On a Ray cluster of several nodes, of which one is killed; and out of an object store."""

import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from scoring.__main__ import main
from scoring.cluster import ALWAYS, alone
from scoring.output import Output
from scoring.place import Place
from scoring.plan import Header
from tests import known_network
from tests.scoring import object_store
from tests.scoring.conftest import GOOD, MANY, Score, parts, rows

HERE = Path(__file__).parent
TIMEOUT_S = 180  # no claim of these tests depends on it
_SETTINGS = {
    **ALWAYS,
    **alone(),
    # A node is given up after three seconds of silence, not thirty.
    "RAY_health_check_period_ms": "500",
    "RAY_health_check_failure_threshold": "6",
    "RAY_health_check_initial_delay_ms": "0",
}


@pytest.fixture(scope="module")
def cluster(bucket: dict[str, str]) -> Iterator[Any]:
    """A head without cores and one node, which stays; they know the bucket."""
    os.environ |= _SETTINGS | bucket
    from ray._raylet import Config
    from ray.cluster_utils import Cluster

    Config.initialize("")  # where Ray has been imported before, it has read the environment, too

    ours = signal.getsignal(signal.SIGTERM)
    nodes = Cluster(
        initialize_head=True,
        head_node_args={"num_cpus": 0, "include_dashboard": False},
    )
    try:
        nodes.add_node(num_cpus=1)
        yield nodes
    finally:
        nodes.shutdown()
        signal.signal(signal.SIGTERM, ours)  # Ray left its own
        for name in _SETTINGS | bucket:
            del os.environ[name]


@pytest.fixture
def variables(cluster: Any, bucket: dict[str, str]) -> dict[str, str]:
    """The environment of a job on that cluster."""
    return {"RAY_ADDRESS": cluster.address, **_SETTINGS, **bucket}


def assert_each_once(out: Path, colours: Callable[[int], tuple[int, int, int]]) -> None:
    """All of `many`, and each with the answer to its own colour."""
    found = rows(out)
    numbers = [int(Path(row["path"]).stem) for row in found]
    assert sorted(numbers) == list(range(MANY))
    for number, row in zip(numbers, found, strict=True):
        assert known_network.is_answer_to(colours(number), row)


def wait_for_parts(n: int, out: Path, process: subprocess.Popen[bytes]) -> None:
    """Until so many are there, and the job is not over."""
    deadline = time.monotonic() + TIMEOUT_S
    while len(parts(out)) < n:
        assert process.poll() is None, (out.parent / "log.txt").read_text()
        assert time.monotonic() < deadline
        time.sleep(0.02)
    assert len(parts(out)) < MANY // 16


@pytest.mark.usefixtures("promoted")
def test_killed_and_started_again_it_goes_on_and_scores_nothing_twice(
    score: Score,
    started: Callable[..., Any],
    variables: dict[str, str],
    many: Path,
    colours: Callable[[int], tuple[int, int, int]],
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    out = tmp_path / "out"
    command = (many, out, "--shard", "16")
    with started(*command, **variables) as process:
        wait_for_parts(3, out, process)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()
    time.sleep(1)  # what it had on the cluster ends once that notices
    before = {path: path.stat().st_mtime_ns for path in parts(out)}
    assert 3 <= len(before) < MANY // 16
    (out / f".part-00000001.parquet.{'0' * 32}").touch()  # as if killed while it was written

    done = score(*command, **variables)
    assert done.returncode == 0, done.stderr
    assert {path: path.stat().st_mtime_ns for path in before} == before
    assert f"{16 * len(before)} of them were there from an earlier run" in done.stdout
    assert [p.name for p in out.iterdir() if p.name.startswith(".")] == []
    assert_each_once(out, colours)

    assert main([*map(str, command)]) == 0, "there is nothing left, so no cluster is asked"
    assert "Scored" not in capsys.readouterr().out
    assert main([str(many), str(out), "--shard", "32"]) == 1
    assert "was begun with --shard 16, and now it is 32" in capsys.readouterr().err


def test_what_fails_for_another_reason_than_a_picture_stops_the_job_with_that_reason(
    score: Score, variables: dict[str, str], bentoml_home: Path, tmp_path: Path
) -> None:
    (model,) = (p.name for p in (bentoml_home / "models" / "catdog").iterdir() if p.is_dir())
    header = Header(source="/in", column=None, model=f"catdog:{model}", pictures=20, shard=16)
    (tmp_path / "_plan").mkdir()
    (tmp_path / "_plan" / "plan.json").write_text(header.model_dump_json())
    (tmp_path / "_plan" / "000000.parquet").write_bytes(b"PAR1 damaged")
    done = score("/in", tmp_path, **variables)
    assert done.returncode == 1
    assert "Traceback" not in done.stderr
    last = done.stderr.splitlines()[-1]
    assert last.startswith("Error: Scoring stopped: pyarrow.lib.ArrowInvalid: Parquet magic bytes")


def test_a_node_killed_in_the_middle_costs_no_picture_and_scores_none_twice(
    cluster: Any,
    variables: dict[str, str],
    started: Callable[..., Any],
    many: Path,
    colours: Callable[[int], tuple[int, int, int]],
    tmp_path: Path,
) -> None:
    """Its actor holds shards when it dies, and there is one core left for all."""
    node = cluster.add_node(num_cpus=1)
    out = tmp_path / "out"
    with started(many, out, "--shard", "16", **variables) as process:
        wait_for_parts(4, out, process)
        cluster.remove_node(node, allow_graceful=False)
        process.wait(TIMEOUT_S)
    assert process.returncode == 0, (tmp_path / "log.txt").read_text()
    assert_each_once(out, colours)


def test_where_nodes_have_gpus_each_model_takes_one_and_decoding_none(
    cluster: Any,
    variables: dict[str, str],
    started: Callable[..., Any],
    many: Path,
    colours: Callable[[int], tuple[int, int, int]],
    tmp_path: Path,
) -> None:
    """GPUs as Ray counts them, which believes what it is told: the models compute on cores."""
    node = cluster.add_node(num_cpus=1, num_gpus=2)
    out = tmp_path / "out"
    try:
        with started(many, out, "--shard", "16", **variables) as process:
            wait_for_parts(2, out, process)
            free = _free(cluster.address)
            process.wait(TIMEOUT_S)
        assert process.returncode == 0, (tmp_path / "log.txt").read_text()
        assert "GPU" not in free
        assert _free(cluster.address)["GPU"] == 2
    finally:
        cluster.remove_node(node)
    assert_each_once(out, colours)


def _free(address: str) -> dict[str, float]:
    """What nobody has of the cluster's resources; those that are all taken are left out."""
    import ray

    ours = signal.getsignal(signal.SIGTERM)
    ray.init(address=address, log_to_driver=False)
    try:
        return dict(ray.available_resources())
    finally:
        ray.shutdown()
        signal.signal(signal.SIGTERM, ours)  # Ray left its own


@pytest.fixture(scope="module")
def bucket(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """An S3 of which every tenth read fails. Yields what its clients need to be told."""
    log = tmp_path_factory.mktemp("bucket") / "log.txt"

    def command(python: Path, port: str) -> list[str | Path]:
        return [python, HERE / "bucket.py", port, "10"]

    with object_store.running(command, log, "PUT", "/box") as url:
        yield {
            "AWS_ENDPOINT_URL": url,
            "AWS_ACCESS_KEY_ID": "test",
            "AWS_SECRET_ACCESS_KEY": "test",
            "AWS_DEFAULT_REGION": "us-east-1",
            "AWS_EC2_METADATA_DISABLED": "true",
        }


def test_out_of_a_bucket_that_fails_every_tenth_read_and_into_it_nothing_is_lost(
    score: Score, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    url = variables["AWS_ENDPOINT_URL"]
    names = [f"in/{i} of?these/{name}" for i in range(20) for name in GOOD]
    data = dict(zip(names, [*GOOD.values()] * 20, strict=True))
    with httpx.Client() as client:
        for name in names:
            path = name.replace(" ", "%20").replace("?", "%3F")
            client.put(f"{url}/box/{path}", content=data[name]).raise_for_status()
    done = score("s3://box/in", "s3://box/out", **variables)
    assert done.returncode == 0, done.stderr
    counts = httpx.get(f"{url}/counts").json()
    assert counts["failures"] >= len(names) // 10

    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    output = Output(Place("s3://box/out"))
    tally = sum(output.tallies(output.finished()), Counter[str]())
    assert tally == {"cat": 60, "dog": 20, "neither": 20}
    assert "100 pictures" in done.stdout
