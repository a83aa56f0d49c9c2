"""Mutated pictures, sent one request after the other, each answer held to the contract."""

from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path
from random import Random

import httpx

from tests.abuse.bombs import BOMBS
from tests.abuse.contract import complaint
from tests.abuse.mutations import Mutant, mutants

_ANSWER_TIMEOUT_S = 60  # far past any limit: a client that gives up learns nothing
_MOST_IN_A_BATCH = 8


@dataclass(frozen=True)
class Shot:
    """A request to send: its way ("raw", "form" or "batch"), and its pictures."""

    way: str
    pictures: list[Mutant]

    @property
    def bombs(self) -> int:
        """How many of its pictures are; none of those in a batch takes longer for the others."""
        return sum(picture.name in BOMBS for picture in self.pictures)

    def send(self, client: httpx.Client) -> httpx.Response:
        """Raises: httpx.HTTPError: no answer came."""
        if self.way == "raw":
            return client.post("/predict", content=self.pictures[0].data)
        files = [("image", (picture.name, picture.data)) for picture in self.pictures]
        path = "/predict/batch" if self.way == "batch" else "/predict"
        return client.post(path, files=files)


@dataclass
class Tally:
    """What came of the shots: requests by status, the slowest answer, what went wrong."""

    statuses: Counter[int] = field(default_factory=Counter)
    slowest_s: float = 0.0
    slowest: str = ""
    failures: list[str] = field(default_factory=list)


def shots(seed: int, *, with_bombs: bool = True) -> Iterator[Shot]:
    """Without end, the same for the same seed."""
    rng = Random(seed)  # noqa: S311 - to be repeated, not to be secret
    pictures = mutants(seed, with_bombs=with_bombs)
    while True:
        way = rng.choice(("raw", "raw", "form", "batch"))
        n = rng.randint(1, _MOST_IN_A_BATCH) if way == "batch" else 1
        yield Shot(way, list(islice(pictures, n)))


def fire(url: str, sequence: Iterable[Shot], *, slowest_s: float, keep: Path) -> Tally:
    """Send the shots, judge the answers.

    Args:
        url: of the server.
        sequence: what to send.
        slowest_s: an answer that takes longer is a failure; a batch has it for each bomb.
        keep: folder that gets the pictures of every failure.
    """
    tally = Tally()
    with httpx.Client(base_url=url, timeout=_ANSWER_TIMEOUT_S) as client:
        for number, shot in enumerate(sequence):
            wrong = _verdict(client, shot, tally, slowest_s)
            if wrong is not None:
                tally.failures.append(
                    f"{number} {shot.way}: {wrong}; see {_kept(keep, number, shot)}"
                )
    return tally


def _verdict(client: httpx.Client, shot: Shot, tally: Tally, slowest_s: float) -> str | None:
    try:
        response = shot.send(client)
    except httpx.HTTPError as exc:
        return f"no answer ({type(exc).__name__})"
    tally.statuses[response.status_code] += 1
    took_s = response.elapsed.total_seconds()
    if took_s > tally.slowest_s:
        tally.slowest_s = took_s
        tally.slowest = " ".join(picture.name for picture in shot.pictures)
    if took_s > slowest_s * max(1, shot.bombs):
        return f"{response.status_code} after {took_s:.1f} s"
    return complaint(response.status_code, response.headers, response.content)


def _kept(folder: Path, number: int, shot: Shot) -> Path:
    """Write a failure's pictures; the first one's path."""
    folder.mkdir(parents=True, exist_ok=True)
    paths = [folder / f"{number:05}-{i}-{p.name}" for i, p in enumerate(shot.pictures)]
    for path, picture in zip(paths, shot.pictures, strict=True):
        path.write_bytes(picture.data)
    return paths[0]
