"""Starts a machine's processes under torchrun's supervision, and says what ended them."""

import logging
import os
import signal
import sys
import uuid
from collections.abc import Mapping, Sequence
from tempfile import TemporaryDirectory
from typing import Any, NoReturn

from torch.distributed.elastic.multiprocessing import DefaultLogsSpecs, SignalException
from torch.distributed.elastic.multiprocessing.errors import ChildFailedError, ProcessFailure
from torch.distributed.launcher.api import LaunchConfig, elastic_launch

from training.errors import TrainingError
from training.supervision import CONNECTED_WITHIN_S, LOST, SUPERVISED

ENDED_WITHIN_S = 10  # after SIGTERM; then comes SIGKILL
HERE = "127.0.0.1"
PORT = "29500"  # torchrun's own default
_GO_ON = (
    "What was trained up to the last whole epoch is kept: run the same command again, "
    "without RESUME=false and with as many processes as you like, to go on from there."
)


def run(command: Sequence[str], devices: int, nodes: int = 1) -> None:
    """Run a command in `devices` processes here, each told by its environment which one it is.

    On several machines this is done on each; NODE_RANK says which one this is, MASTER_ADDR
    and MASTER_PORT where the first one is.

    Raises:
        TrainingError: a process was killed, or it is not known which machine this is.
        SystemExit: one failed, with its status, and has said why.
        KeyboardInterrupt: this process was told to end, and has ended the others.
    """
    for name, value in _environment(nodes).items():
        os.environ.setdefault(name, value)
    # It logs each signal it sends and where each process failed; we say it in a sentence.
    log = logging.getLogger("torch.distributed.elastic")
    log.addHandler(logging.NullHandler())
    log.propagate = False
    program, *arguments = command
    with TemporaryDirectory(prefix="launch-") as folder:
        start = elastic_launch(_config(devices, nodes, folder), program)
        try:
            start(*(word.replace("$", "$$") for word in arguments))  # it fills in templates
        except ChildFailedError as exc:
            _explain(exc.failures, devices * nodes)
        except SignalException as exc:
            raise KeyboardInterrupt from exc


def _environment(nodes: int) -> dict[str, str]:
    """For this process and those it starts."""
    ours = {SUPERVISED: "1", "TORCH_ELASTIC_SHUTDOWN_TIMEOUT": str(ENDED_WITHIN_S)}
    if nodes == 1 and sys.platform == "linux":
        ours["GLOO_SOCKET_IFNAME"] = "lo"  # nothing is to be reached from elsewhere
    return ours


def _config(devices: int, nodes: int, folder: str) -> LaunchConfig:
    if nodes == 1:
        meeting: dict[str, Any] = {
            "run_id": uuid.uuid4().hex,
            "rdzv_backend": "c10d",
            "rdzv_endpoint": f"{HERE}:0",
            "local_addr": HERE,
        }
    else:
        meeting = _first_machine(nodes)
    return LaunchConfig(
        min_nodes=nodes,
        max_nodes=nodes,
        nproc_per_node=devices,
        max_restarts=0,  # a run goes on when it is started again
        logs_specs=DefaultLogsSpecs(log_dir=folder),
        **meeting,
    )


def _first_machine(nodes: int) -> dict[str, Any]:
    """How the machines find the first one."""
    rank, address = (os.environ.get(name, "") for name in ("NODE_RANK", "MASTER_ADDR"))
    if not (rank.isdecimal() and int(rank) < nodes and address):
        raise TrainingError(
            f"To train on {nodes} machines, each must know which one it is and where the first "
            f"is: NODE_RANK is {rank!r} (0 to {nodes - 1}), MASTER_ADDR is {address!r}. Set both "
            "on each machine, or start with torchrun or srun: docs/distributed.md."
        )
    return {
        "run_id": "catdog",
        "rdzv_backend": "static",
        "rdzv_endpoint": f"{address}:{os.environ.get('MASTER_PORT', PORT)}",
        "rdzv_configs": {"rank": int(rank), "timeout": CONNECTED_WITHIN_S},
    }


def _explain(failures: Mapping[int, ProcessFailure], count: int) -> NoReturn:
    """Raise what became of the process that failed first; the others ended because of it."""
    began_s = min(failure.timestamp for failure in failures.values())
    for rank, failure in failures.items():
        who = f"Process {rank} of {count} (counted from 0; pid {failure.pid})"
        if failure.exitcode == -signal.SIGKILL:
            if failure.timestamp - began_s >= ENDED_WITHIN_S - 1:  # by the launcher
                raise TrainingError(
                    f"{who} stopped answering, and the job was stopped. See what holds it up: its "
                    f"machine, its storage; or give it more time, with --timeout_s. {_GO_ON}"
                )
            raise TrainingError(
                f"{who} was killed by SIGKILL, most likely for want of memory, and the job was "
                f"stopped. {_GO_ON}"
            )
        if failure.exitcode not in (LOST, -signal.SIGTERM):  # SIGTERM: by the launcher
            if failure.exitcode > 0:
                raise SystemExit(failure.exitcode)
            name = signal.Signals(-failure.exitcode).name
            raise TrainingError(f"{who} was ended by {name}, and the job was stopped. {_GO_ON}")
    ranks = ", ".join(map(str, sorted(failures)))
    raise TrainingError(
        f"Of {count} processes, those here (counted from 0: {ranks}) lost another one, or were "
        f"told to end. If there are other machines, see what they say. {_GO_ON}"
    )
