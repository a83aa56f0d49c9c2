"""Model stores of tests' own, in this process, and how their files come to harm."""

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from bentoml._internal.configuration.containers import BentoMLContainer
from bentoml._internal.models import ModelStore

from service import store


def use(folder: Path) -> None:
    """Let all of this process use this one, though BentoML reads BENTOML_HOME but once."""
    folder.mkdir(parents=True, exist_ok=True)
    BentoMLContainer.model_store.set(ModelStore(folder))


@contextmanager
def using(folder: Path) -> Iterator[Path]:
    """`use` it for a while."""
    use(folder)
    try:
        yield folder
    finally:
        BentoMLContainer.model_store.reset()


def path(tag: str) -> Path:
    """The folder of a model that was promoted."""
    return store.path_of(tag)[0]


def flip_a_bit(file: Path) -> None:
    """One in its middle, as a bad disk does."""
    data = bytearray(file.read_bytes())
    data[len(data) // 2] ^= 1
    file.write_bytes(data)
