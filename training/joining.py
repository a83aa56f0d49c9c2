"""How a process that torchrun or SLURM started finds the others."""

import ctypes
import os
import signal
import sys
from datetime import timedelta

from pytorch_lightning.plugins.environments import (
    ClusterEnvironment,
    SLURMEnvironment,
    TorchElasticEnvironment,
)
from torch.distributed import PrefixStore, Store  # type: ignore[attr-defined]  # its own export
from torch.distributed.rendezvous import rendezvous

from training.errors import TrainingError
from training.processes import Processes, first_line
from training.supervision import CONNECTED_WITHIN_S, is_supervised

PR_SET_PDEATHSIG = 1  # Linux, prctl(2)


def join(wanted: int) -> Processes:
    """Join the others, if torchrun or SLURM started this process as one of several.

    Args:
        wanted: as many as the settings are for.
    Returns:
        Those that were started, which are `wanted`; or this one alone, if nobody started more.
    Raises:
        TrainingError: another number was started, or they do not find each other.
    """
    environment = _environment(wanted)
    if environment is None:
        return Processes()
    if environment.world_size() != wanted:
        raise TrainingError(
            f"{environment.world_size()} processes were started, and the settings are for "
            f"{wanted}: --trainer.devices (of each machine) times --trainer.num_nodes (machines). "
            "Make them agree."
        )
    if wanted == 1:
        return Processes()
    if is_supervised():
        _end_with_launcher()
    rank = environment.global_rank()
    return Processes(rank, wanted, environment, _opened(environment, rank, wanted))


def _environment(wanted: int) -> ClusterEnvironment | None:
    """Whoever started processes of which this is one; None if nobody did."""
    if TorchElasticEnvironment.detect():
        return TorchElasticEnvironment()
    if wanted > 1 and SLURMEnvironment.detect():
        try:
            # What SLURM starts again goes on by itself: see `training.resumption`.
            return SLURMEnvironment(auto_requeue=False)
        except RuntimeError as exc:
            raise TrainingError(f"SLURM's settings do not fit: {exc}") from exc
    return None


def _opened(environment: ClusterEnvironment, rank: int, count: int) -> Store:
    """The store that torch's processes meet at, with a corner of it for us."""
    os.environ["MASTER_ADDR"] = environment.main_address
    os.environ["MASTER_PORT"] = str(environment.main_port)
    timeout = timedelta(seconds=CONNECTED_WITHIN_S)
    try:
        store, _, _ = next(rendezvous("env://", rank, count, timeout=timeout))
    except (RuntimeError, ValueError) as exc:
        raise TrainingError(
            f"Process {rank} of {count} cannot meet the others at {environment.main_address}:"
            f"{environment.main_port} (MASTER_ADDR and MASTER_PORT): {first_line(exc)}. See that "
            "all of them were started, and that each machine can reach that address."
        ) from exc
    return PrefixStore("catdog", store)


def _end_with_launcher() -> None:
    """On Linux, have the kernel kill this process when its launcher dies, however that does."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
