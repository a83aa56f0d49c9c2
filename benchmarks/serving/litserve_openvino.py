"""LitServe with our graph and our engine, and either Pillow as people use it or our decoder.

python -m benchmarks.serving.litserve_openvino PORT WORKERS ARTIFACT pillow|ours
"""

import io
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated

import litserve
import numpy as np
from fastapi import Body
from PIL import Image, ImageOps

from benchmarks.serving import litserve_settings
from service import artifact, images
from service.answer import answer
from service.cores import usable_cores
from service.images import SIDE
from service.openvino_engine import OpenVinoEngine

Row = tuple[np.ndarray, float]  # logits (2,) and novelty of one picture
Decoder = Callable[[bytes], np.ndarray]  # a file to (224, 224, 3) uint8, RGB


def pillow(data: bytes) -> np.ndarray:
    """The central square, upright, as somebody writes it who knows what Pillow has for this."""
    image = Image.open(io.BytesIO(data))
    image.draft("RGB", (SIDE, SIDE))  # large JPEGs are shrunk while they are decoded
    square = ImageOps.fit(
        ImageOps.exif_transpose(image).convert("RGB"), (SIDE, SIDE), Image.Resampling.BILINEAR
    )
    return np.asarray(square)


DECODERS: dict[str, Decoder] = {"pillow": pillow, "ours": images.network_input}


class CatDog(litserve.LitAPI):
    """One picture a request, as the body."""

    def __init__(self, folder: Path, threads: int, decoder: Decoder) -> None:
        """Args: folder: the artifact; threads: of each worker."""
        super().__init__(
            api_path="/predict",
            max_batch_size=litserve_settings.MAX_BATCH,
            batch_timeout=litserve_settings.BATCH_TIMEOUT_S,
        )
        self.folder = folder
        self.threads = threads
        self.decoder = decoder

    def setup(self, device: str) -> None:  # noqa: ARG002 - LitServe's signature
        """In each worker."""
        card = artifact.read_card(self.folder)
        self.calibration = card.calibration
        self.engine = OpenVinoEngine(self.folder, card.precision, threads=self.threads)
        self.engine.warm_up(range(1, litserve_settings.MAX_BATCH + 1))  # as ours does

    # Without this annotation LitServe takes every body that is no form for JSON.
    def decode_request(self, request: Annotated[bytes, Body()]) -> np.ndarray:
        return self.decoder(request)

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
    api = CatDog(Path(sys.argv[3]), max(1, usable_cores() // workers), DECODERS[sys.argv[4]])
    litserve_settings.run(api, port, workers)
