"""Processes find each other by what torchrun and SLURM set, and notice when one is gone."""

import os
import subprocess
import sys
from pathlib import Path

import pytest
import torch
from torch.distributed.elastic.multiprocessing.errors import ProcessFailure

from benchmarks.serving.server import free_port
from tests.live_server import REPOSITORY
from training import hardware, launch, processes
from training.errors import TrainingError
from training.joining import join
from training.processes import Processes
from training.supervision import LOST

# What the first makes, the second hears; then the first dies and the second waits for more.
MEETING = """
import os, signal
from training.errors import TrainingError
from training.joining import join
processes = join(2)
said = processes.shared("greeting", lambda: {"from": os.getpid()})
print(processes.rank, processes.count, type(processes.environment).__name__, said["from"])
if processes.is_first:
    processes.part()
    os.kill(os.getpid(), signal.SIGKILL)
processes.part()
try:
    processes.shared("more", dict)
except TrainingError as exc:
    print(f"{type(exc).__name__}: {exc}")
"""


def start(code: str, **environment: object) -> subprocess.Popen[str]:
    """A process with these words in its environment."""
    return subprocess.Popen(
        [sys.executable, "-W", "ignore", "-c", code],
        cwd=REPOSITORY,
        env={**os.environ, **{name: str(value) for name, value in environment.items()}},
        stdout=subprocess.PIPE,
        text=True,
    )


def said(processes: list[subprocess.Popen[str]]) -> list[str]:
    return [process.communicate()[0] for process in processes]


def test_two_that_slurm_started_share_what_the_first_makes_and_miss_it_when_it_dies() -> None:
    job = {
        "SLURM_JOB_ID": 7,
        "SLURM_JOB_NAME": "pets",
        "SLURM_NTASKS": 2,
        "SLURM_NTASKS_PER_NODE": 2,
        "SLURM_NODELIST": "127.0.0.1",
        "SLURM_NODEID": 0,
        "MASTER_PORT": free_port(),
    }
    pair = [start(MEETING, SLURM_PROCID=r, SLURM_LOCALID=r, **job) for r in range(2)]
    first, second = said(pair)
    assert first == f"0 2 SLURMEnvironment {pair[0].pid}\n"
    greeting, sentence = second.splitlines()
    assert greeting == f"1 2 SLURMEnvironment {pair[0].pid}"
    assert sentence.startswith("LostProcess: Process 1 of 2 (counted from 0) lost the others")


WORDS = "print(*(os.environ[n] for n in ('RANK', 'WORLD_SIZE', 'LOCAL_RANK', 'GROUP_RANK')))"
MACHINE = f"""
import sys
from training import launch
launch.run([sys.executable, "-c", "import os; {WORDS}; print('$HOME')"], 1, 2)
"""


def test_a_launcher_on_each_of_two_machines_starts_one_job() -> None:
    where = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": free_port()}
    pair = [start(MACHINE, NODE_RANK=rank, **where) for rank in range(2)]
    assert said(pair) == ["0 2 0 0\n$HOME\n", "1 2 0 1\n$HOME\n"]
    assert [process.returncode for process in pair] == [0, 0]


def test_who_was_started_alone_is_alone() -> None:
    processes = join(2)
    assert (processes.rank, processes.count) == (0, 1)
    assert processes.shared("anything", lambda: "made here") == "made here"


def test_another_number_than_the_settings_are_for_is_refused(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name, value in {"TORCHELASTIC_RUN_ID": "1", "WORLD_SIZE": "2"}.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(TrainingError, match=r"^2 processes were started, .* are for 3: --trainer"):
        join(3)


@pytest.mark.parametrize("rank", [None, "2", "first"])
def test_a_machine_that_does_not_know_which_one_it_is_is_told(
    monkeypatch: pytest.MonkeyPatch, rank: str | None
) -> None:
    monkeypatch.delenv("NODE_RANK", raising=False)
    if rank is not None:
        monkeypatch.setenv("NODE_RANK", rank)
    monkeypatch.setenv("MASTER_ADDR", "127.0.0.1")
    monkeypatch.setattr(os, "environ", os.environ.copy())  # the launcher adds to it
    with pytest.raises(TrainingError, match=r"NODE_RANK is '.*' \(0 to 1\), MASTER_ADDR is"):
        launch.run(["true"], 1, 2)


def test_only_failures_of_the_network_mean_that_others_are_gone() -> None:
    pair = Processes(1, 2)
    gloo = "[/pytorch/third_party/gloo/gloo/transport/tcp/pair.cc:544] Connection closed by peer"
    with pytest.raises(TrainingError, match="lost the others"), pair.united():
        raise RuntimeError(gloo)
    with pytest.raises(TrainingError, match="lost the others"), pair.united():
        raise torch.distributed.DistBackendError("NCCL error")
    with pytest.raises(TrainingError, match="lost the others"), pair.united():
        raise RuntimeError("Application timeout caused pair closure")
    with pytest.raises(RuntimeError, match=r"^shapes"), pair.united():
        raise RuntimeError("shapes do not fit")
    with pytest.raises(RuntimeError, match=r"^.*gloo"), Processes().united():
        raise RuntimeError(gloo)


@pytest.mark.parametrize(
    ("devices", "count"), [("auto", 1), (-1, 1), ("-1", 1), (3, 3), ("3", 3), ([0, 1], 2)]
)
def test_devices_are_counted_as_lightning_takes_them(devices, count: int) -> None:
    assert hardware.count(devices, "cpu") == count


@pytest.mark.parametrize("devices", [0, "many", [], "1.5"])
def test_a_number_of_devices_that_is_none_is_refused(devices) -> None:
    with pytest.raises(TrainingError, match=r"trainer\.devices is .*; it must be at least 1"):
        hardware.count(devices, "cpu")


def test_a_machine_that_does_not_share_the_runs_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(processes, "HEARD_WITHIN_S", 0)
    Processes(1, 2).require(tmp_path)
    with pytest.raises(TrainingError, match="CATDOG_RUNS must name a folder that all machines"):
        Processes(1, 2).require(tmp_path / "run")


def failed(*codes: int, seconds: tuple[int, ...] = ()) -> dict[int, ProcessFailure]:
    """What the launcher finds: processes with these exit statuses, after so many seconds."""
    failures = {}
    for rank, code in enumerate(codes):
        failures[rank] = ProcessFailure(rank, 1000 + rank, code, "none")
        failures[rank].timestamp = 100 + (seconds[rank] if seconds else 0)
    return failures


@pytest.mark.parametrize(
    ("failures", "told"),
    [
        (failed(LOST, -9), "Process 1 of 2 .*killed by SIGKILL, most likely for want of memory"),
        (failed(-11, LOST), "Process 0 of 2 .*ended by SIGSEGV"),
        (failed(LOST, -9, seconds=(0, 10)), "Process 1 of 2 .*stopped answering"),
        (failed(LOST, -15), r"those here \(counted from 0: 0, 1\) lost another one"),
    ],
)
def test_the_launcher_tells_a_cause_from_its_consequences(
    failures: dict[int, ProcessFailure], told: str
) -> None:
    with pytest.raises(TrainingError, match=told):
        launch._explain(failures, 2)


def test_a_process_that_said_itself_what_was_wrong_leaves_its_status() -> None:
    with pytest.raises(SystemExit, match=r"^2$"):
        launch._explain(failed(LOST, 2), 2)
