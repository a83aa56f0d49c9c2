"""The exported model: one folder, no pickles, every file's digest in its card."""

import hashlib
import json
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from service import images
from service.whole import replacing

CARD = "card.json"
ONNX = "model.onnx"
OPENVINO = "model.xml"
OPENVINO_WEIGHTS = "model.bin"
CLASSES = "imagenet-classes.txt"  # a name a line; not in artifacts that cannot explain themselves
Precision = Literal["int8", "bf16", "f32"]  # of graphs on the CPU, the fastest first
LABELS = ("cat", "dog")  # THE order of logits and probabilities, everywhere
NEITHER = "neither"  # what is answered past the novelty threshold; no class of the network's
ALL_LABELS = (*LABELS, NEITHER)


class ArtifactError(RuntimeError):
    """The folder is not an artifact, or not the one that its card describes."""


class StrictModel(BaseModel):
    """Written as JSON, and read again: unknown keys are refused, and nothing is changed."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Preprocessing(StrictModel):
    """What `service.images` did to the training pictures, and must do to these."""

    side: int = images.SIDE
    crop: str = "central square"
    interpolation: str = images.INTERPOLATION


class Calibration(StrictModel):
    """How logits become a confidence, and novelty a `neither`.

    temperature: logits are divided by it before the softmax (Guo et al., 2017,
        arXiv 1706.04599).
    novelty_threshold: novelty, in 0 to 1, above which the label is `neither`.
    """

    temperature: float = Field(gt=0)
    novelty_threshold: float = Field(ge=0, le=1)


class Interval(StrictModel):
    """A fraction with its 95 % interval (Wilson, 1927) and the count it rests on."""

    value: float
    low: float
    high: float
    n: int


class Metrics(StrictModel):
    """Figures of the exported model on one part of one data set."""

    part: str
    accuracy: Interval
    log_loss: float
    calibration_error: float
    confusion: dict[str, dict[str, int]]  # true label -> answered label -> count
    turned_away: Interval  # cats and dogs answered `neither`
    neither_rejected: Interval | None = None  # of pictures of neither, if there were any
    neither_auroc: float | None = None


class Dataset(StrictModel):
    """Which pictures the model was made from."""

    name: str  # "starter", or its folder's last name
    digest: str  # sha256 over the manifest's sorted (sha256, label, split)
    counts: dict[str, dict[str, int]]  # split -> label -> count


class Recipe(StrictModel):
    """How it was made: enough to make it again."""

    backbone: str
    weights: str
    config: str  # the training run's configuration, YAML; of absolute paths the last name
    seed: int
    stage: str  # which of the run's networks was exported
    log_losses: dict[str, float] = {}  # of each, on the validation part
    accuracies: dict[str, float] = {}  # likewise


class Proof(StrictModel):
    """What export measured between torch and the graphs, on real pictures."""

    pictures: int
    max_logit_difference: float  # fp32 graph against torch fp32
    labels_equal: bool


class Agreement(StrictModel):
    """How a faster precision compares with fp32 on pictures that were not trained on.

    labels_equal: share of pictures with the same label, 0 to 1.
    novelty_difference: mean over pictures, 0 to 1.
    is_faithful: enough labels are equal, no accuracy is lost beyond noise, and novelty is near
        enough: it may serve in fp32's place.
    """

    pictures: int
    labels_equal: float
    accuracy: float
    novelty_difference: float
    is_faithful: bool


class Card(StrictModel):
    """card.json: what a client, an auditor and the loader need to know of a model."""

    format: Literal[1] = 1
    name: str = "catdog"
    labels: tuple[str, ...] = LABELS
    preprocessing: Preprocessing = Preprocessing()
    precision: Precision = "f32"  # of the graph that serves
    calibration: Calibration
    metrics: Metrics | None = None
    dataset: Dataset
    recipe: Recipe
    proof: Proof | None = None
    agreements: dict[str, Agreement] = {}  # faster precision -> how it compares
    versions: dict[str, str] = {}
    git_commit: str = "unknown"
    created: str
    files: dict[str, str] = {}  # name -> sha256


def sha256_of(path: Path) -> str:
    """The file's sha256, hexadecimal."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def read_card(folder: Path) -> Card:
    """Read a folder's card without looking at the other files.

    Raises:
        ArtifactError: no card, or one that this version does not understand.
    """
    path = folder / CARD
    try:
        card = Card.model_validate_json(path.read_bytes())
    except FileNotFoundError as exc:
        raise ArtifactError(f"{folder} holds no {CARD}: it is not an exported model.") from exc
    except ValidationError as exc:
        raise ArtifactError(f"{path} is not a card of format 1: {exc}") from exc
    if card.preprocessing != Preprocessing() or card.labels != LABELS:
        raise ArtifactError(
            f"{path} was made for {card.preprocessing} and labels {card.labels}; "
            f"this service does {Preprocessing()} and {LABELS}. Export the model again."
        )
    return card


def verify(folder: Path) -> Card:
    """Read the card and hold every file against its digest.

    Raises:
        ArtifactError: a file is missing, changed, or not in the card.
    """
    card = read_card(folder)
    for name in (ONNX, OPENVINO, OPENVINO_WEIGHTS):
        if name not in card.files:
            raise ArtifactError(f"{folder / CARD} lists no digest for {name}. Export it again.")
    for name, digest in card.files.items():
        path = folder / name
        if Path(name).name != name or not path.is_file():
            raise ArtifactError(f"{path} is named in {CARD} but is not there. Export it again.")
        found = sha256_of(path)
        if found != digest:
            raise ArtifactError(
                f"{path} is damaged or was changed: its sha256 is {found}, "
                f"{CARD} says {digest}. Restore it, or promote another model."
            )
    return card


def read_classes(folder: Path) -> tuple[str, ...]:
    """Names of ImageNet's classes, in the order of its logits; none in older artifacts."""
    path = folder / CLASSES
    return tuple(path.read_text(encoding="utf-8").splitlines()) if path.is_file() else ()


def write_card(folder: Path, card: Card) -> Card:
    """Write card.json last, with the digests of all other files in the folder."""
    files = {p.name: sha256_of(p) for p in sorted(folder.iterdir()) if p.name != CARD}
    signed = card.model_copy(update={"files": files})
    with replacing(folder / CARD) as partial:
        partial.write_text(json.dumps(signed.model_dump(mode="json"), indent=2) + "\n")
    return signed
