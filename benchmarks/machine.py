"""What a figure was measured on: a number without its machine and versions says nothing."""

import platform
from importlib.metadata import version
from pathlib import Path

import torch

from service.cores import usable_cores

CPUINFO = Path("/proc/cpuinfo")
INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
VERSIONED = (
    *("torch", "torchvision", "pytorch-lightning", "albumentations", "pillow"),
    *("bentoml", "openvino"),
)


def description() -> dict[str, object]:
    """Processor, cores that this process may use, GPU if there is one, and versions.

    Processors of one name differ tenfold in what they have for networks: hence `instructions`.
    """
    return {
        "cpu": _cpu(),
        "instructions": [flag for flag in INSTRUCTIONS if flag in _cpuinfo("flags").split()],
        "cores": usable_cores(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "versions": {"python": platform.python_version(), **{p: version(p) for p in VERSIONED}},
    }


def _cpu() -> str:
    """The processor's name, as Linux has it, else what Python knows."""
    return _cpuinfo("model name") or platform.processor() or platform.machine()


def _cpuinfo(key: str) -> str:
    """The first core's entry; empty where there is none."""
    lines = CPUINFO.read_text().splitlines() if CPUINFO.is_file() else []
    found = (line.split(":", 1)[1].strip() for line in lines if line.startswith(key))
    return next(found, "")
