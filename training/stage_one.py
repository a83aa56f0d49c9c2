"""Stage one as a Lightning callback: solve the head before fine-tuning begins."""

from pathlib import Path

import pytorch_lightning as pl
import torch
from torch import Tensor
from torch.nn.functional import binary_cross_entropy_with_logits
from torch.utils.data import DataLoader
from tqdm import tqdm

from data.picture import TRAIN, VAL
from training import head
from training.datamodule import Batch, PictureData
from training.module import CatDog
from training.network import CatDogNet, imagenet_direction, standardize

CHECKPOINT = "stage-one.ckpt"


class SolveHead(pl.Callback):
    """Pools the features of every picture once and solves the head on them.

    What it leaves in `stage-one.ckpt` is the model to beat: export takes it if
    fine-tuning did not end better.
    """

    def __init__(self, folder: Path, batch_size: int = 64) -> None:
        """folder: where the checkpoint goes."""
        self.folder = folder
        self.batch_size = batch_size

    def on_train_start(self, trainer: pl.Trainer, pl_module: pl.LightningModule) -> None:
        """Solve, unless the run resumes: then its head is already further."""
        if trainer.ckpt_path is not None:
            return
        assert isinstance(pl_module, CatDog)
        data = trainer.datamodule
        assert isinstance(data, PictureData)
        network = pl_module.network
        assert network is not None
        train, train_is_dog = pooled_features(network, data.squares(TRAIN), "Features")
        weight = head.solve(train, train_is_dog, imagenet_direction(network.imagenet_head).cpu())
        with torch.no_grad():
            network.head.weight.copy_(weight[None])
        val, val_is_dog = pooled_features(network, data.squares(VAL), "Validation")
        logit = val @ weight
        log_loss = binary_cross_entropy_with_logits(logit, val_is_dog)
        accuracy = ((logit > 0) == val_is_dog.bool()).float().mean()
        trainer.save_checkpoint(self.folder / CHECKPOINT)
        print(
            f"Stage one: head solved on {len(train)} pictures, validation accuracy "
            f"{accuracy:.2%}, log loss {log_loss:.4f}",
            flush=True,
        )


def pooled_features(
    network: CatDogNet, loader: DataLoader[Batch], name: str
) -> tuple[Tensor, Tensor]:
    """Features of every picture of a loader, in bf16 where the hardware has it.

    Returns:
        (N, C) float32 and (N,) float32 labels, 1 for a dog, both on the CPU.
    """
    device = next(network.parameters()).device
    features, labels = [], []
    progress = tqdm(total=len(loader.dataset), unit=" pictures", desc=name)  # type: ignore[arg-type]
    with torch.no_grad(), torch.autocast(device.type, torch.bfloat16, enabled=has_bf16(device)):
        for pixels, is_dog in loader:
            images = standardize(pixels.to(device, non_blocking=True))
            maps = network.maps(images.contiguous(memory_format=torch.channels_last))
            features.append(maps.float().mean((2, 3)).cpu())
            labels.append(is_dog.float())
            progress.update(len(is_dog))
    progress.close()
    return torch.cat(features), torch.cat(labels)


def has_bf16(device: torch.device) -> bool:
    """Whether bf16 is fast there: natively on the GPU, or AVX-512 BF16 or AMX on the CPU."""
    if device.type == "cuda":
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    flags = ("_is_avx512_bf16_supported", "_is_amx_tile_supported")
    return any(getattr(torch.cpu, flag, bool)() for flag in flags)
