"""What a figure was measured on: a number without its machine and versions says nothing."""

import platform
from importlib.metadata import version

import torch

from service.cores import usable_cores
from training import processor

INSTRUCTIONS = ("avx2", "avx512f", "avx512_vnni", "avx512_bf16", "amx_bf16", "amx_int8")
VERSIONED = (
    *("torch", "torchvision", "pytorch-lightning", "albumentations", "pillow"),
    *("bentoml", "openvino"),
)


def description() -> dict[str, object]:
    """Processor, cores that this process may use, GPU if there is one, and versions.

    Processors of one name differ tenfold in what they have for networks: hence `instructions`.
    """
    flags = processor.described("flags").split()
    return {
        "cpu": processor.name(),
        "instructions": [flag for flag in INSTRUCTIONS if flag in flags],
        "cores": usable_cores(),
        "gpu": torch.cuda.get_device_name() if torch.cuda.is_available() else None,
        "versions": {"python": platform.python_version(), **{p: version(p) for p in VERSIONED}},
    }
