"""LitServe with torch, batched, as its documentation advises.

python -m benchmarks.serving.litserve_torch PORT WORKERS
"""

import sys
from typing import Annotated

import litserve
import torch
from fastapi import Body
from torch import Tensor

from benchmarks.serving import litserve_settings, torch_network
from service.cores import usable_cores


class CatDog(litserve.LitAPI):
    """One picture a request, as the body."""

    def __init__(self, threads: int) -> None:
        """Args: threads: of each worker."""
        super().__init__(
            api_path="/predict",
            max_batch_size=litserve_settings.MAX_BATCH,
            batch_timeout=litserve_settings.BATCH_TIMEOUT_S,
        )
        self.threads = threads

    def setup(self, device: str) -> None:
        """In each worker."""
        torch.set_num_threads(self.threads)
        self.network = torch_network.network().to(device)

    # Without this annotation LitServe takes every body that is no form for JSON.
    def decode_request(self, request: Annotated[bytes, Body()]) -> Tensor:
        return torch_network.decode(request)

    def batch(self, inputs: list[Tensor]) -> Tensor:
        return torch.stack(inputs)

    @torch.inference_mode()
    def predict(self, x: Tensor) -> Tensor:
        probabilities: Tensor = self.network(x)
        return probabilities

    def unbatch(self, output: Tensor) -> list[Tensor]:
        return list(output)

    def encode_response(self, output: Tensor) -> dict[str, object]:
        return torch_network.answer(output)


if __name__ == "__main__":
    port, workers = map(int, sys.argv[1:3])
    litserve_settings.run(CatDog(max(1, usable_cores() // workers)), port, workers)
