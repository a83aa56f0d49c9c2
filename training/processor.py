"""This machine's processor: Linux describes it, elsewhere Python knows a little."""

import platform
from pathlib import Path

_CPUINFO = Path("/proc/cpuinfo")


def name() -> str:
    """For people, such as `AMD EPYC 9R14`."""
    return described("model name") or platform.processor() or platform.machine()


def described(key: str) -> str:
    """What /proc/cpuinfo says of the first core, such as its `flags`; empty where it is silent."""
    lines = _CPUINFO.read_text().splitlines() if _CPUINFO.is_file() else []
    found = (line.partition(":")[2].strip() for line in lines if line.startswith(key))
    return next(found, "")
