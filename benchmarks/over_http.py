"""Accuracy of a running service on labelled pictures, asked as a client asks.

python -m benchmarks.over_http FOLDER [--url http://127.0.0.1:3000] [--out FILE.json]

FOLDER as for `make train`. `neither` answered for a cat or a dog counts as wrong.
"""

import argparse
import asyncio
import json
from collections import Counter
from pathlib import Path

import aiohttp
from tqdm import tqdm

from benchmarks import machine, record
from data.errors import DataError
from data.picture import Candidate
from data.source import resolve
from service.artifact import NEITHER
from training.judging import interval

CONCURRENCY = 16
Outcome = tuple[str, int, str, str]  # true label, HTTP status, answered label, model


async def ask(url: str, candidates: tuple[Candidate, ...]) -> list[Outcome]:
    """Post every picture to /predict, `CONCURRENCY` at a time."""
    gate = asyncio.Semaphore(CONCURRENCY)
    with tqdm(total=len(candidates), unit=" pictures") as progress:
        async with aiohttp.ClientSession(url) as session:

            async def one(candidate: Candidate) -> Outcome:
                async with (
                    gate,
                    session.post("/predict", data=candidate.path.read_bytes()) as answer,
                ):
                    body = await answer.json(content_type=None)
                    progress.update()
                    said = (body.get(field, "none") for field in ("label", "model"))
                    return candidate.label, answer.status, *said

            return await asyncio.gather(*map(one, candidates))


def main() -> None:
    """Ask, count, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("folder")
    parser.add_argument("--url", default="http://127.0.0.1:3000")
    parser.add_argument("--out", type=Path, help="write the figures here too")
    options = parser.parse_args()
    try:
        source = resolve(options.folder)
        outcomes = asyncio.run(ask(options.url, source.candidates))
    except aiohttp.ClientConnectorError as exc:
        raise SystemExit(f"Error: nothing answers at {options.url}. Start it: make serve.") from exc
    except DataError as exc:
        raise SystemExit(f"Error: {exc}") from exc
    pets = [(true, answered) for true, _, answered, _ in outcomes if true != NEITHER]
    others = [answered for true, _, answered, _ in outcomes if true == NEITHER]
    figures = {
        "source": Path(source.name).name,
        "models": dict(Counter(model for *_, model in outcomes)),
        "machine": machine.description(),
        "statuses": dict(Counter(str(status) for _, status, *_ in outcomes)),
        "accuracy": interval(sum(t == a for t, a in pets), len(pets)).model_dump(),
        "turned_away": interval(sum(a == NEITHER for _, a in pets), len(pets)).model_dump(),
        "neither_rejected": interval(sum(a == NEITHER for a in others), len(others)).model_dump(),
    }
    print(json.dumps(figures, indent=2))
    if options.out:
        record.write(options.out, figures)


if __name__ == "__main__":
    main()
