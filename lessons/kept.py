"""What lessons that train leave behind, so that the page is built in seconds."""

import platform
from collections.abc import Callable
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from typing import Generic, TypeVar

from pydantic import BaseModel

from lessons.lesson import Lesson
from service.whole import replacing
from training import processor
from training.errors import TrainingError

RESULTS = Path(__file__).parent / "results"
F = TypeVar("F", bound=BaseModel)


class Run(BaseModel):
    """How figures came about.

    machine: its processor and system.
    versions: of the packages that matter.
    seconds: that it took.
    """

    machine: str
    versions: dict[str, str]
    seconds: float


def run(seconds: float, *packages: str) -> Run:
    """This machine, and these packages as they are installed."""
    return Run(
        machine=f"{processor.name()}, {platform.system()}",
        versions={package: version(package) for package in packages},
        seconds=round(seconds, 1),
    )


def write(path: Path, text: str) -> None:
    """All of it, or, where that is cut off, none: what was there stays whole.

    Raises:
        TrainingError: it cannot be written.
    """
    try:
        with replacing(path) as partial:
            partial.write_text(text, encoding="utf-8")
    except OSError as exc:
        raise TrainingError(
            f"{path} cannot be written: {exc.strerror}. Make room there, or see that you may write."
        ) from exc


@dataclass(frozen=True)
class Kept(Generic[F]):
    """A lesson whose figures take time to make.

    slug: of the lesson; its figures are `lessons/results/<slug>.json`.
    figures: what they are.
    train: makes them; prints its progress.
    lesson: tells them.
    """

    slug: str
    figures: type[F]
    train: Callable[[], F]
    lesson: Callable[[F], Lesson]

    @property
    def file(self) -> Path:
        """Where the figures are kept."""
        return RESULTS / f"{self.slug}.json"

    def keep(self) -> None:
        """Make the figures and keep them."""
        write(self.file, self.train().model_dump_json(indent=1) + "\n")

    def read(self) -> F:
        """The figures that are kept."""
        return self.figures.model_validate_json(self.file.read_text())

    def __call__(self) -> Lesson:
        """The lesson, from the figures that are kept."""
        return self.lesson(self.read())
