"""What there is to train on: devices, and the precision that suits them."""

import torch

from training.errors import TrainingError
from training.features import has_bf16


def has_gpu(accelerator: str) -> bool:
    """Whether Lightning's `accelerator` means a GPU here."""
    return accelerator != "cpu" and torch.cuda.is_available()


def precision(accelerator: str) -> str:
    """bf16 where it is fast, as Lightning calls it."""
    device = torch.device("cuda" if has_gpu(accelerator) else "cpu")
    return "bf16-mixed" if has_bf16(device) else "32-true"


def count(devices: int | str | list[int], accelerator: str) -> int:
    """Processes on each machine, one for each device.

    Args:
        devices: a number, the numbers of GPUs, or -1 or "auto" for all GPUs.
    Raises:
        TrainingError: that is no number, or there are not so many GPUs.
    """
    here = torch.cuda.device_count() if has_gpu(accelerator) else None
    if str(devices) in ("auto", "-1"):
        return here or 1
    try:
        wanted = len(devices) if isinstance(devices, list) else int(devices)
    except ValueError:
        wanted = 0
    if wanted < 1 or (here is not None and wanted > here):
        allowed = "at least 1" if here is None else f"1 to {here}, as many GPUs as are here"
        raise TrainingError(f"trainer.devices is {devices}; it must be {allowed}.")
    return wanted
