"""Accidents in the model store, for real: processes that are killed, or may not write.

python -m tests.service.store_accidents ACCIDENT STORE ARTIFACT

Prints, as JSON, what the store was like before and after each.
"""

import json
import os
import resource
import signal
import sys
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any

import bentoml

from service import artifact, rollback, store
from tests.model_store import use

CHANGES = ("open", "os.mkdir", "os.rename", "os.remove", "os.rmdir", "shutil.copyfile")


def look() -> dict[str, Any]:
    """What serves and what BentoML lists; fails unless every one of those is whole."""
    listed = bentoml.models.list()
    for model in listed:
        artifact.verify(Path(model.path))
    return {"serves": store.path_of()[1] if listed else None, "listed": len(listed)}


def in_child(action: Callable[[], object]) -> tuple[int, str]:
    """Run it in a child. Returns its wait status and what it said of a StoreError."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            action()
        except store.StoreError as exc:
            os.write(writing, str(exc).encode())
        os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as said:
        words = said.read()
    return os.waitpid(child, 0)[1], words


def kill_at_each_step(action: Callable[[], object]) -> Iterator[bool]:
    """Run it again and again, killed (-9) as it begins its first, second, ... file operation.

    Yields:
        After each, whether it was killed; not so the last, which came to its end.
    """
    for step in count():

        def doomed(step: int = step) -> None:
            left = step

            def watch(event: str, _: object) -> None:
                nonlocal left
                if event in CHANGES:
                    left -= 1
                    if left < 0:
                        os.kill(os.getpid(), signal.SIGKILL)

            sys.addaudithook(watch)
            action()

        status, said = in_child(doomed)
        assert not said
        yield os.WIFSIGNALED(status)
        if not os.WIFSIGNALED(status):
            return


def kill_first_add(folder: Path, exported: Path) -> Iterator[dict[str, Any]]:
    """Each death in a store that is empty so far."""
    use(folder / "0")
    for step, was_killed in enumerate(kill_at_each_step(lambda: store.add(exported))):
        yield {"before": None, "was_killed": was_killed, **look()}
        use(folder / str(step + 1))


def kill_add(folder: Path, exported: Path) -> Iterator[dict[str, Any]]:
    """Each death in a store with a champion; then someone else promotes, undisturbed."""
    use(folder)
    before = store.add(exported)
    for was_killed in kill_at_each_step(lambda: store.add(exported)):
        yield {"before": before, "was_killed": was_killed, **look()}
    store.add(exported)
    yield {"left": [path.name for path in folder.iterdir() if path.is_dir()], **look()}


def kill_rollback(folder: Path, exported: Path) -> Iterator[dict[str, Any]]:
    """Each death of a rollback from the second model to the first."""
    use(folder)
    first, second = store.add(exported), store.add(exported)
    for was_killed in kill_at_each_step(rollback.roll_back):
        yield {"before": second, "goal": first, "was_killed": was_killed, **look()}


def no_space(folder: Path, exported: Path) -> Iterator[dict[str, Any]]:
    """Files may not grow over so many bytes: as on a full disk, each write fails in turn."""
    use(folder)
    before = store.add(exported)
    for most in (0, 1, 10, 20, 100, 500, 700, 1500, 3000):

        def starved(most: int = most) -> None:
            resource.setrlimit(resource.RLIMIT_FSIZE, (most, most))
            store.add(exported)

        status, said = in_child(starved)
        yield {"before": before, "most": most, "status": status, "said": said, **look()}


def read_while_it_changes(folder: Path, exported: Path) -> Iterator[dict[str, Any]]:
    """Two children change what serves, 100 times each, while this process looks.

    Yields:
        Once, with the wait statuses of both.
    """
    use(folder)
    tags = [store.add(exported), store.add(exported)]

    def swing() -> None:
        for i in range(100):
            rollback.roll_back(tags[i % 2])

    children = []
    for _ in range(2):
        children.append(os.fork())
        if children[-1] == 0:
            swing()
            os._exit(0)
    seen: dict[str, int] = dict.fromkeys(tags, 0)
    statuses = []
    while len(statuses) < len(children):
        tag = str(bentoml.models.get(store.LATEST).tag)
        seen[tag] = seen.get(tag, 0) + 1
        ended, status = os.waitpid(-1, os.WNOHANG)
        if ended:
            statuses.append(status)
    yield {"before": None, "tags": tags, "seen": seen, "statuses": statuses, **look()}


if __name__ == "__main__":
    accident = globals()[sys.argv[1]]
    print(json.dumps(list(accident(Path(sys.argv[2]), Path(sys.argv[3])))))
