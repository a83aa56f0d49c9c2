"""The same answers as over HTTP, from files, without a server.

Decoded in this process: the files are the user's own, and nobody else waits for an answer.
"""

from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np

from service import artifact, engines, images, problems, store
from service.answer import Answer, answer
from service.problems import Problem
from service.settings import Settings

_BATCH = 16


class Local:
    """A promoted model in this process."""

    def __init__(self, settings: Settings) -> None:
        """Load and verify the model that the settings name.

        Raises:
            StoreError, ArtifactError: there is none, or it is damaged.
            EngineError: the settings ask for what it does not have.
        """
        folder, self.tag = store.path_of(settings.model)
        self._card = artifact.verify(folder)
        self._engine = engines.load(folder, self._card, settings)
        self._settings = settings

    def predict(self, paths: Sequence[Path]) -> Iterator[tuple[str, Answer | Problem]]:
        """Each file's name with its answer or its problem, in order, batch by batch."""
        for start in range(0, len(paths), _BATCH):
            names = [str(path) for path in paths[start : start + _BATCH]]
            decoded = [self._decode(path) for path in paths[start : start + _BATCH]]
            yield from zip(names, self._answers(decoded), strict=True)

    def _decode(self, path: Path) -> np.ndarray | Problem:
        try:
            if path.stat().st_size > self._settings.max_upload_bytes:
                return problems.picture_too_long(self._settings.max_upload_bytes)
            return images.network_input(path.read_bytes(), max_pixels=self._settings.max_pixels)
        except OSError as exc:
            detail = f"The file cannot be read: {exc.strerror}."
            return Problem(problems.NO_PICTURE, detail)
        except images.ImageError as exc:
            return problems.of_image(exc)

    def _answers(self, decoded: Sequence[np.ndarray | Problem]) -> Iterator[Answer | Problem]:
        good = [pixels for pixels in decoded if not isinstance(pixels, Problem)]
        scores = self._engine(np.stack(good)) if good else None
        rows = iter(zip(*scores, strict=True)) if scores is not None else iter(())
        for outcome in decoded:
            if isinstance(outcome, Problem):
                yield outcome
            else:
                logits, novelty = next(rows)
                yield answer(logits, float(novelty), self._card.calibration, self.tag)
