"""A trained run to an artifact: the ONNX graph, the OpenVINO graph, the card, and a proof."""

import platform
import shutil
import subprocess
import warnings
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path

import numpy as np
import openvino as ov
import torch
import yaml
from tqdm import tqdm

from data.manifest import Manifest
from data.picture import TEST, VAL, Row
from service import artifact
from service.artifact import Calibration, Card, Dataset, Proof, Recipe
from service.engine import Engine
from service.images import SIDE
from training import calibration, judging
from training.datamodule import PictureData
from training.errors import TrainingError
from training.network import CatDogNet, Pixels
from training.run import Run
from training.selection import Chosen, choose

MAX_LOGIT_DIFFERENCE = 1e-3
PROOF_PICTURES = 400
OUTPUT_NAMES = ("logits", "novelty", "activation_map", "features")
VERSIONED = ("torch", "torchvision", "pytorch-lightning", "albumentations", "openvino", "onnx")
TRAINED_ON = "trained-on.txt"  # sha256 of every picture that the model or its calibration saw


def export(run: Run) -> Card:
    """Write the run's artifact: into a temporary folder, renamed when it is whole.

    Raises:
        TrainingError: the graph does not compute what torch computes.
    """
    data = PictureData(run.state["source"], manifest=run.manifest)
    manifest = data.manifest
    chosen = choose(run, data)
    losses = ", ".join(f"{name} {loss:.4f}" for name, loss in chosen.log_losses.items())
    print(f"Exporting {chosen.name}: validation log loss is {losses}", flush=True)
    folder = run.folder / ".artifact"
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir()
    write_graphs(chosen.network, folder)
    rows = proof_rows(manifest)
    proof, precision = prove(chosen.network, folder, rows)
    fitted = calibrate(Engine(folder, precision), manifest)
    seen = sorted(row.sha256 for row in manifest.rows if row.split != TEST)
    (folder / TRAINED_ON).write_text("".join(f"{digest}\n" for digest in seen))
    card = artifact.write_card(
        folder,
        Card(
            precision=precision,
            calibration=fitted,
            metrics=judge_test_part(Engine(folder, precision), manifest, fitted),
            dataset=Dataset(
                name=run.state["source"], digest=manifest.digest, counts=manifest.counts
            ),
            recipe=_recipe(run, chosen),
            proof=proof,
            versions={"python": platform.python_version(), **{p: version(p) for p in VERSIONED}},
            git_commit=_git_commit(),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        ),
    )
    shutil.rmtree(run.artifact, ignore_errors=True)
    folder.rename(run.artifact)
    return card


def write_graphs(network: CatDogNet, folder: Path) -> None:
    """Write model.onnx (fp32) and the OpenVINO graph made from it (weights in fp16)."""
    example = torch.zeros(2, SIDE, SIDE, 3, dtype=torch.uint8)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # the exporter's notes to its own developers
        torch.onnx.export(
            Pixels(network).eval(),
            (example,),
            str(folder / artifact.ONNX),
            dynamo=True,
            external_data=False,
            verbose=False,
            input_names=["pixels"],
            output_names=list(OUTPUT_NAMES),
            dynamic_shapes={"pixels": {0: torch.export.Dim.DYNAMIC}},
        )
    graph = ov.Core().read_model(folder / artifact.ONNX)  # ov.convert_model sends usage statistics
    ov.save_model(graph, str(folder / artifact.OPENVINO), compress_to_fp16=True)


def proof_rows(manifest: Manifest) -> tuple[Row, ...]:
    """Pictures to prove the export on: of test and val, evenly spread over both classes."""
    rows = manifest.part(TEST) + manifest.part(VAL)
    step = max(1, len(rows) // PROOF_PICTURES)
    return rows[::step][:PROOF_PICTURES]


def prove(network: CatDogNet, folder: Path, rows: tuple[Row, ...]) -> tuple[Proof, str]:
    """Hold the graphs against torch on real pictures, and choose the serving precision.

    Returns:
        The proof, and `bf16` if the served graph answers like torch on every picture in
        bf16 too, else `f32`.
    Raises:
        TrainingError: logits further apart than 1e-3 in fp32, or any label differs.
    """
    fp32 = Engine(folder, "f32", graph=artifact.ONNX)
    served = {precision: Engine(folder, precision) for precision in ("bf16", "f32")}
    torch_logits, onnx_logits = [], []
    labels: dict[str, list[np.ndarray]] = {precision: [] for precision in served}
    with torch.inference_mode(), tqdm(total=len(rows), desc="Proof", unit=" pictures") as progress:
        for pixels in judging.batches(rows):
            torch_logits.append(Pixels(network)(torch.from_numpy(pixels)).logits.numpy())
            onnx_logits.append(fp32(pixels).logits)
            for precision, engine in served.items():
                labels[precision].append(engine(pixels).logits.argmax(1))
            progress.update(len(pixels))
    expected = np.concatenate(torch_logits)
    difference = float(np.abs(expected - np.concatenate(onnx_logits)).max())
    answers = {p: np.concatenate(found) for p, found in labels.items()}
    equal = {p: bool((answers[p] == expected.argmax(1)).all()) for p in answers}
    if difference > MAX_LOGIT_DIFFERENCE or not equal["f32"]:
        raise TrainingError(
            f"The exported graph is not the trained network: logits differ by {difference:.2g} "
            f"(at most {MAX_LOGIT_DIFFERENCE:g} allowed), labels equal: {equal['f32']}. "
            "Nothing was exported; please report this with the versions in requirements/."
        )
    proof = Proof(pictures=len(rows), max_logit_difference=difference, labels_equal=True)
    return proof, "bf16" if equal["bf16"] else "f32"


def calibrate(engine: Engine, manifest: Manifest) -> Calibration:
    """Temperature and novelty threshold, from the validation part, as the engine serves it."""
    val = judging.score(engine, manifest.part(VAL), "Calibration")
    return Calibration(
        temperature=calibration.temperature(val.scores.logits, val.labels),
        novelty_threshold=calibration.novelty_threshold(val.scores.novelty),
    )


def judge_test_part(engine: Engine, manifest: Manifest, fitted: Calibration) -> artifact.Metrics:
    """Figures of the exported graph on the test part, `neither` included."""
    rows = manifest.part(TEST, labels=(*artifact.LABELS, "neither"))
    return judging.metrics(judging.score(engine, rows, "Test part"), fitted, TEST)


def _recipe(run: Run, chosen: Chosen) -> Recipe:
    config = run.config.read_text()
    return Recipe(
        backbone=chosen.checkpoint.backbone,
        weights=chosen.checkpoint.origin,
        config=config,
        seed=int(yaml.safe_load(config)["seed_everything"]),
        stage=chosen.name,
        log_losses=chosen.log_losses,
    )


def _git_commit() -> str:
    """The commit of this checkout, with `-dirty` where files differ; unknown without git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()
