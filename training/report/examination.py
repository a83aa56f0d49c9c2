"""One look at every picture: what the model says of it, why, and what sort it is."""

from collections.abc import Sequence
from dataclasses import dataclass

import cv2
import numpy as np
from tqdm import tqdm

from data.picture import Row
from service.engine import Engine, Scores
from training.judging import Judged, batches


@dataclass(frozen=True)
class Examined:
    """Pictures and what was found, in the order of `judged.rows`.

    maps: (N, 7, 7) float32, see `service.engine.ScoresAndMap`.
    brightness: (N,) mean grey value of what the network sees, as a share of white.
    sharpness: (N,) variance of the Laplacian of what the network sees, grey 0 to 255
        (Pech-Pacheco et al., 2000). It is low for blurred pictures and for plain ones.
    side: (N,) pixels, the picture's shorter side, of which the network sees the square.
    """

    judged: Judged
    maps: np.ndarray
    brightness: np.ndarray
    sharpness: np.ndarray
    side: np.ndarray


def examine(engine: Engine, rows: Sequence[Row], name: str) -> Examined:
    """Run at least one picture through the engine, and measure each.

    Args:
        name: what this is called while it is shown how far it is.
    """
    logits, novelty, maps, looks = [], [], [], []
    with tqdm(total=len(rows), desc=name, unit=" pictures") as progress:
        for pixels in batches(rows):
            explanation = engine.explain(pixels)
            logits.append(explanation.scores.logits)
            novelty.append(explanation.scores.novelty)
            maps.append(explanation.activation_map)
            looks += [look(picture) for picture in pixels]
            progress.update(len(pixels))
    brightness, sharpness = np.array(looks).T
    return Examined(
        judged=Judged(tuple(rows), Scores(np.concatenate(logits), np.concatenate(novelty))),
        maps=np.concatenate(maps),
        brightness=brightness,
        sharpness=sharpness,
        side=np.array([min(row.width, row.height) for row in rows], np.float64),
    )


def look(pixels: np.ndarray) -> tuple[float, float]:
    """Brightness and sharpness of one (H, W, 3) uint8 picture; see `Examined`."""
    grey = cv2.cvtColor(pixels, cv2.COLOR_RGB2GRAY)
    return float(grey.mean() / 255), float(cv2.Laplacian(grey, cv2.CV_64F).var())
