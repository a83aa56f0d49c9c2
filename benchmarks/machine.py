"""What a figure was measured on: a number without its machine and versions says nothing."""

import platform
from importlib.metadata import version
from pathlib import Path

import torch

from service.cores import usable_cores

CPUINFO = Path("/proc/cpuinfo")
VERSIONED = (
    *("torch", "torchvision", "pytorch-lightning", "albumentations", "pillow"),
    *("bentoml", "openvino"),
)


def description() -> dict[str, object]:
    """Processor, cores that this process may use, GPU if there is one, and versions."""
    return {
        "cpu": _cpu(),
        "cores": usable_cores(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "versions": {"python": platform.python_version(), **{p: version(p) for p in VERSIONED}},
    }


def _cpu() -> str:
    """The processor's name, as Linux has it, else what Python knows."""
    lines = CPUINFO.read_text().splitlines() if CPUINFO.is_file() else []
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor() or platform.machine()
