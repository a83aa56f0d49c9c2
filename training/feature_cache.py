"""Pooled features on disk, by picture, backbone and preprocessing."""

import hashlib
import uuid
import zipfile
from collections.abc import Collection, Sequence

import numpy as np
import PIL
import torch

from data.cache import place
from service import images
from service.artifact import Preprocessing
from service.whole import replacing
from training.network import CatDogNet


class FeatureCache:
    """Features that one trunk gave: those that are wanted, read at once and added to in shards.

    A folder per trunk (its weights' sha256 counts, not its name), preprocessing, device
    and versions; in it shards of up to `SHARD` pictures that are written once, under a
    temporary name, and never changed: an interruption costs one shard, and two processes
    do no harm to each other.
    """

    SHARD = 512

    def __init__(
        self, network: CatDogNet, device: torch.device, is_bf16: bool, wanted: Collection[str]
    ) -> None:
        """wanted: keys. Of all others nothing is held in memory, however much the disk has."""
        self.folder = place(f"features/{_key(network, device, is_bf16)}")
        self.width = network.head.in_features
        self._features: dict[str, np.ndarray] = {}
        for shard in sorted(self.folder.glob("*.npz")):
            try:
                with shard.open("rb") as file, np.load(file, allow_pickle=False) as kept:
                    keys = kept["keys"].tolist()
                    found = [i for i, key in enumerate(keys) if key in wanted]
                    if found:  # the features, which are not read before they are asked for
                        self._take([keys[i] for i in found], kept["features"][found])
            except (OSError, ValueError, IndexError, KeyError, zipfile.BadZipFile):
                shard.unlink(missing_ok=True)  # damaged: computed anew

    def __contains__(self, key: str) -> bool:
        return key in self._features

    def add(self, keys: Sequence[str], features: np.ndarray) -> None:
        """Keep features, on disk too if it has room for them.

        Args:
            keys: of N pictures: sha256, and the view's name if it is not the picture itself.
            features: (N, C) float32.
        """
        self._take(keys, features)
        shard = self.folder / f"{uuid.uuid4().hex}.npz"
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            with replacing(shard) as partial, partial.open("wb") as file:
                np.savez(file, keys=np.array(keys), features=features)
        except OSError as exc:
            print(f"Features are not kept for the next run: {exc.strerror} in {self.folder}.")

    def read(self, keys: Sequence[str]) -> np.ndarray:
        """(N, C) float32 of pictures that are in the cache."""
        kept = [self._features[key] for key in keys]
        return np.stack(kept) if kept else np.empty((0, self.width), np.float32)

    def _take(self, keys: Sequence[str], features: np.ndarray) -> None:
        if features.shape != (len(keys), self.width) or features.dtype != np.float32:
            raise ValueError(f"{features.dtype} {features.shape} for {len(keys)} pictures")
        self._features.update(zip(keys, features, strict=True))


def _key(network: CatDogNet, device: torch.device, is_bf16: bool) -> str:
    """Tells apart all that changes a feature, to the last bit."""
    kind = torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"
    versions = torch.__version__, PIL.__version__
    strides = network.trunk.layer2[0].conv1.stride
    made = (images.VERSION, Preprocessing().model_dump(), kind, is_bf16, versions, strides)
    digest = hashlib.sha256(repr(made).encode())
    for name, weight in sorted(network.trunk.state_dict().items()):
        digest.update(name.encode())
        digest.update(weight.cpu().contiguous().numpy().tobytes())
    return digest.hexdigest()[:32]
