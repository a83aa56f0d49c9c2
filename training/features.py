"""Pooled features of pictures as the service sees them: what a head is solved on."""

from collections.abc import Sequence

import torch
from torch import Tensor
from torch.utils.data import DataLoader
from tqdm import tqdm

from data.picture import Row
from training.feature_cache import FeatureCache
from training.folding import folded
from training.network import STAGES, CatDogNet, stages
from training.pictures import AS_IS, CentralSquares, View, begin_worker, default_workers

BATCH = 64  # always: the last bits of a convolution depend on how many pictures share it


def cached_features(
    network: CatDogNet,
    rows: Sequence[Row],
    name: str,
    *,
    view: View = AS_IS,
    workers: int | None = None,
) -> Tensor:
    """`pooled_features`, of which those that were computed before come from the disk.

    For trunks that come again: the pretrained one. They are the same to the last bit.

    Args, returns and raises: as there, (N, C) float32.
    """
    wanted = {row.sha256 + view.name for row in rows}
    cache = FeatureCache(network, _device(network), has_bf16(_device(network)), wanted)
    missing = [row for row in rows if row.sha256 + view.name not in cache]
    if len(missing) < len(rows):
        print(f"{name}: {len(rows) - len(missing)} of {len(rows)} known from before", flush=True)
    for start in range(0, len(missing), cache.SHARD):
        part = missing[start : start + cache.SHARD]
        features = pooled_features(network, part, name, view=view, workers=workers)
        cache.add([row.sha256 + view.name for row in part], features.numpy())
    return torch.from_numpy(cache.read([row.sha256 + view.name for row in rows]))


def pooled_features(
    network: CatDogNet,
    rows: Sequence[Row],
    name: str,
    *,
    view: View = AS_IS,
    workers: int | None = None,
) -> Tensor:
    """Features of pictures, in bf16 where the hardware has it.

    Args:
        name: for the progress bar.
        view: of each picture.
        workers: processes that decode; by default one less than the cores, at least one.
    Returns:
        (N, C) float32, on the CPU, in the order of `rows`.
    Raises:
        DataError: a picture is gone or has changed.
    """
    device = _device(network)
    trunk = folded(network.trunk)
    loader = DataLoader(
        CentralSquares(rows, view),
        batch_size=BATCH,
        num_workers=default_workers() if workers is None else workers,
        worker_init_fn=begin_worker,
        pin_memory=device.type == "cuda",
    )
    found = [torch.empty(0, network.head.in_features)]
    with (
        tqdm(total=len(rows), unit=" pictures", desc=name) as progress,
        torch.inference_mode(),
        torch.autocast(device.type, torch.bfloat16, enabled=has_bf16(device)),
    ):
        for pixels, _ in loader:
            images = network.standardize(_filled(pixels).to(device, non_blocking=True))
            maps = stages(trunk, images.contiguous(memory_format=torch.channels_last), STAGES)
            found.append(maps.float().mean((2, 3))[: len(pixels)].cpu())
            progress.update(len(pixels))
    return torch.cat(found)


def has_bf16(device: torch.device) -> bool:
    """Whether bf16 is fast there: natively on the GPU, or AVX-512 BF16 or AMX on the CPU."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    flags = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, flag, bool)() for flag in flags)


def _filled(pixels: Tensor) -> Tensor:
    """The last batch brought to `BATCH` pictures by repeating its first."""
    return torch.cat([pixels, pixels[:1].expand(BATCH - len(pixels), -1, -1, -1)])


def _device(network: CatDogNet) -> torch.device:
    return next(network.parameters()).device
