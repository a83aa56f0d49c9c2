"""A trained run to an artifact: graphs, proof, calibration, figures, card."""

import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

import yaml

from data.manifest import Manifest
from data.picture import TEST, TRAIN, VAL
from service import artifact
from service.artifact import ALL_LABELS, Agreement, Calibration, Card, Dataset, Recipe
from service.engine import Engine
from service.names import readable
from service.openvino_engine import OpenVinoEngine
from training import calibration, graphs, judging, proof, seen
from training.datamodule import PictureData
from training.run import Run
from training.selection import Chosen, choose

VERSIONED = (
    "torch",
    "torchvision",
    "pytorch-lightning",
    "albumentations",
    "openvino",
    "nncf",
    "onnx",
)


def export(run: Run) -> Card:
    """Write the run's artifact: into a temporary folder, renamed when it is whole.

    Raises:
        TrainingError: the graph does not compute what torch computes, or the disk is full.
    """
    scratch = run.folder / ".export"
    shutil.rmtree(scratch, ignore_errors=True)  # of one that was killed
    try:
        card = _write(run, scratch)
        shutil.rmtree(run.artifact, ignore_errors=True)
        (scratch / "artifact").rename(run.artifact)
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return card


def _write(run: Run, scratch: Path) -> Card:
    """Fill `artifact` in a folder that is not there yet."""
    data = PictureData(run.state["source"], manifest=run.manifest)
    manifest = data.manifest
    chosen = choose(run, data)
    losses = ", ".join(f"{name} {loss:.4f}" for name, loss in chosen.log_losses.items())
    print(f"Exporting {chosen.name}: validation log loss is {losses}", flush=True)
    folder, int8_folder = scratch / "artifact", scratch / "int8"
    folder.mkdir(parents=True)
    graphs.write_graphs(chosen.network, folder)
    unseen = manifest.part(TEST) + manifest.part(VAL)
    proved = proof.prove(chosen.network, folder, unseen)
    graphs.write_int8(folder, int8_folder, manifest.part(TRAIN))
    precision, agreements = proof.fastest_faithful(folder, int8_folder, unseen)
    if precision == "int8":
        for name in (artifact.OPENVINO, artifact.OPENVINO_WEIGHTS):
            (int8_folder / name).replace(folder / name)
    print(f"Serves in {precision}: {_sentence(agreements)}", flush=True)
    fitted = calibrate(OpenVinoEngine(folder, precision), manifest)
    seen.write(folder, (row for row in manifest.rows if row.split != TEST))
    return artifact.write_card(
        folder,
        Card(
            precision=precision,
            calibration=fitted,
            metrics=judge_test_part(OpenVinoEngine(folder, precision), manifest, fitted),
            dataset=Dataset(
                name=readable(Path(run.state["source"]).name),
                digest=manifest.digest,
                counts=manifest.counts,
            ),
            recipe=_recipe(run, chosen),
            proof=proved,
            agreements=agreements,
            versions={"python": platform.python_version(), **{p: version(p) for p in VERSIONED}},
            git_commit=_git_commit(),
            created=datetime.now(UTC).isoformat(timespec="seconds"),
        ),
    )


def calibrate(engine: Engine, manifest: Manifest) -> Calibration:
    """Temperature and novelty threshold, from the validation part, as the engine serves it."""
    val = judging.score(engine, manifest.part(VAL), "Calibration")
    return Calibration(
        temperature=calibration.temperature(val.scores.logits, val.labels),
        novelty_threshold=calibration.novelty_threshold(val.scores.novelty),
    )


def judge_test_part(engine: Engine, manifest: Manifest, fitted: Calibration) -> artifact.Metrics:
    """Figures of the exported graph on the test part, `neither` included."""
    rows = manifest.part(TEST, labels=ALL_LABELS)
    return judging.metrics(judging.score(engine, rows, "Test part"), fitted, TEST)


def _sentence(agreements: dict[str, Agreement]) -> str:
    parts = (f"{name} agrees on {a.labels_equal:.2%}" for name, a in agreements.items())
    return f"of {next(iter(agreements.values())).pictures} labels in fp32, {', '.join(parts)}"


def _recipe(run: Run, chosen: Chosen) -> Recipe:
    config = yaml.safe_load(run.config.read_text())
    return Recipe(
        backbone=chosen.checkpoint.backbone,
        weights=chosen.checkpoint.origin,
        config=yaml.safe_dump(_without_folders(config), sort_keys=False),
        seed=int(config["seed_everything"]),
        stage=chosen.name,
        log_losses=chosen.log_losses,
        accuracies=chosen.accuracies,
    )


def _without_folders(value: Any) -> Any:
    """A configuration whose absolute paths are their last name: a server shows it to anybody."""
    match value:
        case dict():
            return {key: _without_folders(each) for key, each in value.items()}
        case list():
            return [_without_folders(each) for each in value]
        case str() if Path(value).is_absolute():
            return Path(value).name
    return value


def _git_commit() -> str:
    """The commit of this checkout, with `-dirty` where files differ; unknown without git."""
    command = ["git", "describe", "--always", "--dirty", "--abbrev=40", "--exclude=*"]
    try:
        done = subprocess.run(command, capture_output=True, text=True, timeout=10, check=True)
    except (OSError, subprocess.SubprocessError):
        return "unknown"
    return done.stdout.strip()
