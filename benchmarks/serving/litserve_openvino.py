"""LitServe with our graph, our engine and our decoder: what differs is the server.

python -m benchmarks.serving.litserve_same_engine PORT WORKERS ARTIFACT
"""

import sys
from pathlib import Path
from typing import Annotated

import litserve
import numpy as np
from fastapi import Body

from benchmarks.serving import litserve_settings
from service import artifact, images
from service.answer import answer
from service.cores import usable_cores
from service.openvino_engine import OpenVinoEngine

Row = tuple[np.ndarray, float]  # logits (2,) and novelty of one picture


class CatDog(litserve.LitAPI):
    """One picture a request, as the body."""

    def __init__(self, folder: Path, threads: int) -> None:
        """Args: folder: the artifact; threads: of each worker."""
        super().__init__(
            api_path="/predict",
            max_batch_size=litserve_settings.MAX_BATCH,
            batch_timeout=litserve_settings.BATCH_TIMEOUT_S,
        )
        self.folder = folder
        self.threads = threads

    def setup(self, device: str) -> None:  # noqa: ARG002 - LitServe's signature
        """In each worker."""
        card = artifact.read_card(self.folder)
        self.calibration = card.calibration
        self.engine = OpenVinoEngine(self.folder, card.precision, threads=self.threads)
        self.engine.warm_up(range(1, litserve_settings.MAX_BATCH + 1))  # as ours does

    # Without this annotation LitServe takes every body that is no form for JSON.
    def decode_request(self, request: Annotated[bytes, Body()]) -> np.ndarray:
        return images.network_input(request)

    def batch(self, inputs: list[np.ndarray]) -> np.ndarray:
        return np.stack(inputs)

    def predict(self, x: np.ndarray) -> list[Row]:
        scores = self.engine(x)
        return list(zip(scores.logits, scores.novelty.tolist(), strict=True))

    def unbatch(self, output: list[Row]) -> list[Row]:
        return output

    def encode_response(self, output: Row) -> dict[str, object]:
        return answer(*output, self.calibration, "litserve").model_dump()


if __name__ == "__main__":
    port, workers = map(int, sys.argv[1:3])
    api = CatDog(Path(sys.argv[3]), max(1, usable_cores() // workers))
    litserve_settings.run(api, port, workers)
