"""What export must show before anything is served: the right graph, at the right precision."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import torch
from tqdm import tqdm

from data.picture import Row
from data.thinning import evenly
from service import artifact
from service.artifact import Agreement, Precision, Proof
from service.openvino_engine import OpenVinoEngine, has_bf16
from training import judging, pairs
from training.errors import TrainingError
from training.judging import Judged
from training.network import CatDogNet

MAX_LOGIT_DIFFERENCE = 1e-3
PROOF_PICTURES = 400
MIN_AGREEMENT = 0.998  # of labels, between a faster precision and fp32
MAX_NOVELTY_DIFFERENCE = 0.02  # mean over pictures
SIGNIFICANCE = 0.05  # of a loss of accuracy, one-sided


def prove(network: CatDogNet, folder: Path, rows: Sequence[Row]) -> Proof:
    """Hold the ONNX graph against torch, both in fp32, on real pictures.

    Args:
        rows: evenly thinned out to `PROOF_PICTURES`.
    Raises:
        TrainingError: logits further apart than 1e-3, or any label differs.
    """
    pictures = evenly(rows, PROOF_PICTURES)
    graph = OpenVinoEngine(folder, "f32", graph=artifact.ONNX)
    torch_logits, graph_logits = [], []
    with torch.inference_mode(), tqdm(total=len(pictures), desc="Proof", unit=" pictures") as bar:
        for pixels in judging.batches(pictures):
            torch_logits.append(network(torch.from_numpy(pixels)).logits.numpy())
            graph_logits.append(graph(pixels).logits)
            bar.update(len(pixels))
    expected, found = np.concatenate(torch_logits), np.concatenate(graph_logits)
    difference = float(np.abs(expected - found).max())
    are_equal = bool((expected.argmax(1) == found.argmax(1)).all())
    if difference > MAX_LOGIT_DIFFERENCE or not are_equal:
        raise TrainingError(
            f"The exported graph is not the trained network: logits differ by {difference:.2g} "
            f"(at most {MAX_LOGIT_DIFFERENCE:g} allowed), labels equal: {are_equal}. "
            "Nothing was exported; please report this with the versions in requirements/."
        )
    return Proof(pictures=len(pictures), max_logit_difference=difference, labels_equal=True)


def fastest_faithful(
    folder: Path, int8_folder: Path, rows: Sequence[Row]
) -> tuple[Precision, dict[str, Agreement]]:
    """The fastest precision that answers as fp32 does: int8, else bf16, else f32.

    Args:
        folder: with the fp32 and the fp16-weight graph.
        int8_folder: with the quantized graph.
        rows: labelled pictures that were not trained on.
    Returns:
        The precision, and how each faster one compares.
    """
    reference = judging.score(OpenVinoEngine(folder, "f32", graph=artifact.ONNX), rows, "In fp32")
    candidates: list[tuple[Precision, Path]] = [("int8", int8_folder)]
    if has_bf16():  # elsewhere it would be f32 that is compared, and something else that serves
        candidates.append(("bf16", folder))
    agreements: dict[str, Agreement] = {
        precision: agreement(
            judging.score(OpenVinoEngine(place, precision), rows, f"In {precision}"), reference
        )
        for precision, place in candidates
    }
    faithful: list[Precision] = [p for p, _ in candidates if agreements[p].is_faithful]
    return (faithful[0] if faithful else "f32"), agreements


def agreement(fast: Judged, reference: Judged) -> Agreement:
    """Compare a faster precision with fp32 on the same cats and dogs."""
    # Two labels are possible: they are equal where both are right or both wrong.
    cells = pairs.count(fast.right, reference.right)
    share = (cells.both_right + cells.both_wrong) / cells.n
    drift = float(np.abs(fast.scores.novelty - reference.scores.novelty).mean())
    return Agreement(
        pictures=cells.n,
        labels_equal=share,
        accuracy=float(fast.right.mean()),
        novelty_difference=drift,
        is_faithful=share >= MIN_AGREEMENT
        and pairs.luck(cells.lost, cells.won) > SIGNIFICANCE
        and drift <= MAX_NOVELTY_DIFFERENCE,
    )
