"""Ray: one of our own on this machine, or the cluster that RAY_ADDRESS names."""

import logging
import os
import secrets
import signal
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil

from scoring.errors import ScoringError
from scoring.place import reason
from service.cores import usable_cores

ADDRESS = "RAY_ADDRESS"
# Ray reads these when it is imported, and so do the processes that it starts.
ALWAYS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",  # else it warns
    # Else it says of each pool of actors that their arguments may be lost. The driver has them.
    "RAY_BACKEND_LOG_LEVEL": "fatal",
}
_ALONE = {
    "RAY_AUTH_MODE": "token",
    # On Linux, too: a node whose address is the loopback's. Asked for by address, it is not heeded.
    "RAY_ENABLE_WINDOWS_OR_OSX_CLUSTER": "0",
    # A node keeps as many idle workers as it has cores, and ends more after one second: on one core
    # the one that decodes, whenever the one that scores is slower, to start it anew for each shard.
    "RAY_idle_worker_killing_time_threshold_ms": "60000",
}
_REPOSITORY = Path(__file__).parent.parent
_SHIPPED = ("scoring", "service")  # a cluster's nodes need the packages of score.txt only
# Its processes have 15 seconds to start in, however busy the machine is (Ray 65983); on one that
# was, it came up the next time.
_STARTS = 3
# Some forty shards, decoded or on their way; Ray's own choice is a third of the memory.
_OBJECT_STORE_BYTES = 2 * 2**30


@dataclass(frozen=True)
class Capacity:
    """What there is to compute with. cores: of each node."""

    cores: tuple[int, ...]
    gpus: int


@contextmanager
def connected() -> Iterator[Capacity]:
    """Ray, until the end of the block.

    Our own listens on the loopback only, to who knows a token that is made for this job, has no
    dashboard and tells nobody anything. But what is left of Ray's dashboard asks the addresses of
    Azure, Google and AWS on the link which cloud this is; there is no setting against that.

    Raises:
        ScoringError: the cluster cannot be reached, or has no core.
    """
    for name, value in ALWAYS.items():
        os.environ.setdefault(name, value)
    address = os.environ.get(ADDRESS)
    if not address:
        os.environ |= alone()
    import ray
    from ray import data

    ours = signal.getsignal(signal.SIGTERM)
    logging.getLogger(data.__name__).setLevel(logging.CRITICAL)  # its errors are raised, too
    quiet = {"log_to_driver": False, "logging_level": logging.ERROR}
    try:
        if address:
            modules = [str(_REPOSITORY / name) for name in _SHIPPED]
            ray.init(address=address, runtime_env={"py_modules": modules}, **quiet)
        else:
            _start(**quiet)
    except Exception as exc:  # also of no kind of its own, where a node does not come up
        where = f"the cluster at {ADDRESS}={address}" if address else "Ray on this machine"
        way_out = ""
        if address:
            way_out = f" See that it runs, or unset {ADDRESS} to use this machine."
        raise ScoringError(f"There is no reaching {where}: {reason(exc)}.{way_out}") from exc
    try:
        yield _capacity(ray.nodes())
    finally:
        ray.shutdown()
        signal.signal(signal.SIGTERM, ours)  # Ray left its own


def _start(**options: object) -> None:
    """Ray on this machine, tried again where its processes were late."""
    import ray

    for start in range(_STARTS):
        try:
            ray.init(
                address="local",
                num_cpus=usable_cores(),
                object_store_memory=min(_OBJECT_STORE_BYTES, _a_third_of_memory()),
                include_dashboard=False,
                **options,
            )
        except (ConnectionError, ValueError, RuntimeError):
            raise
        except Exception:
            if start + 1 == _STARTS:
                raise
            print("Ray did not come up in time: it is started again.", file=sys.stderr, flush=True)
        else:
            return


def alone() -> dict[str, str]:
    """The environment of a cluster on this machine, for who knows its token: another each time."""
    return _ALONE | {"RAY_AUTH_TOKEN": secrets.token_hex(32)}


def _capacity(nodes: list[dict[str, Any]]) -> Capacity:
    alive = [node["Resources"] for node in nodes if node["Alive"]]
    cores = tuple(int(found.get("CPU", 0)) for found in alive)
    gpus = sum(int(found.get("GPU", 0)) for found in alive)
    if not any(cores):
        raise ScoringError("The cluster has no node with a core. Start one with `ray start`.")
    return Capacity(tuple(filter(None, cores)), gpus)


def _a_third_of_memory() -> int:
    return int(psutil.virtual_memory().total // 3)
