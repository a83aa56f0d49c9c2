"""FastAPI with torch, as one writes it who knows both; no batching, which neither brings.

    python -m benchmarks.serving.fastapi_torch PORT

Pictures are decoded on as many threads as there are cores, beside the event loop. One picture
after the other goes through the network, which then has all cores: two at once would only take
turns on them.
"""

import asyncio
import sys
from concurrent.futures import ThreadPoolExecutor

import torch
import uvicorn
from fastapi import FastAPI, HTTPException, Request
from PIL import UnidentifiedImageError

from benchmarks.serving import torch_network
from service.cores import usable_cores


def main(port: int) -> None:
    """Serve until told to stop."""
    torch.set_num_threads(usable_cores())
    uvicorn.run(application(), host="127.0.0.1", port=port, access_log=False, log_level="warning")


def application() -> FastAPI:
    """POST /predict, one picture as the body."""
    app = FastAPI()
    network = torch_network.network()
    decoders = ThreadPoolExecutor(usable_cores())
    turn = ThreadPoolExecutor(1)

    @torch.inference_mode()
    def predict(pixels: torch.Tensor) -> torch.Tensor:
        probabilities: torch.Tensor = network(pixels[None])[0]
        return probabilities

    @app.post("/predict")
    async def _(request: Request) -> dict[str, object]:
        data = await request.body()
        loop = asyncio.get_running_loop()
        try:
            pixels = await loop.run_in_executor(decoders, torch_network.decode, data)
        except UnidentifiedImageError as exc:
            raise HTTPException(415, "not an image") from exc
        return torch_network.answer(await loop.run_in_executor(turn, predict, pixels))

    return app


if __name__ == "__main__":
    main(int(sys.argv[1]))
