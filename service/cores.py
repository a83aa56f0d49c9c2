"""How many cores this process may really use; `os.cpu_count()` counts the machine's."""

import os
from pathlib import Path


def usable_cores() -> int:
    """Its affinity (taskset, Slurm), cut to the CPU quota of its control group; at least 1."""
    has_affinity = hasattr(os, "sched_getaffinity")  # macOS has none
    cores = len(os.sched_getaffinity(0)) if has_affinity else os.cpu_count() or 1
    quota = _cgroup_quota()
    return max(1, min(cores, round(quota))) if quota else cores


def _cgroup_quota() -> float | None:
    """CPUs granted by cgroup v2, else v1; None where there is no limit."""
    try:
        quota, period = Path("/sys/fs/cgroup/cpu.max").read_text().split()
        return None if quota == "max" else int(quota) / int(period)
    except (OSError, ValueError):
        pass
    try:
        v1 = Path("/sys/fs/cgroup/cpu")
        micros = int((v1 / "cpu.cfs_quota_us").read_text())
        return None if micros <= 0 else micros / int((v1 / "cpu.cfs_period_us").read_text())
    except (OSError, ValueError):
        return None
