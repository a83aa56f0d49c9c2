"""`python -m benchmarks.recipe`, on a few pictures and a run of a small network."""

import json
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
import torch
from PIL import Image

from benchmarks import recipe
from data.manifest import build
from data.source import resolve
from training.network import CatDogNet
from training.run import Run
from training.stage_one import CHECKPOINT


@pytest.fixture
def pets(tmp_path: Path) -> Path:
    """Twelve cats and twelve dogs of noise."""
    random = np.random.default_rng(1)
    for label in ("cat", "dog"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for i in range(12):
            noise = random.integers(0, 256, (6, 8, 3)).astype(np.uint8)
            Image.fromarray(noise).resize((64, 48)).save(tmp_path / "pets" / label / f"{i}.png")
    return tmp_path / "pets"


@pytest.fixture
def run(pets: Path, tmp_path: Path) -> Run:
    """As training leaves it, of a resnet18 that has learned nothing."""
    run = Run(tmp_path / "runs" / "a-run")
    run.checkpoints.mkdir(parents=True)
    run.record(state="released", tag="catdog:abc")
    run.config.write_text("seed_everything: 7\n")
    build(resolve(str(pets))).save(run.manifest)
    torch.manual_seed(0)
    state = CatDogNet("resnet18", stride_in_1x1=False).state_dict()
    checkpoint = {
        "state_dict": {f"network.{name}": weight for name, weight in state.items()},
        "catdog": {"backbone": "resnet18", "stride_in_1x1": False, "origin": "chance"},
    }
    for path in (run.checkpoints / CHECKPOINT, run.last):
        torch.save(checkpoint, path)
    return run


@pytest.fixture
def one_thread() -> Iterator[None]:
    """Several wait for each other where others use the cores too."""
    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.mark.usefixtures("one_thread")
def test_what_is_kept_names_its_run_seed_model_and_machine(
    run: Run, pets: Path, tmp_path: Path
) -> None:
    recipe.main([str(run.folder), str(pets), "--out", str(tmp_path / "recipe.json")])
    kept = json.loads((tmp_path / "recipe.json").read_text())
    assert (kept["run"], kept["seed"]) == ("a-run", 7)
    assert kept["model"] == {"backbone": "resnet18", "weights": "chance", "tag": "catdog:abc"}
    assert {"cpu", "cores", "versions"} <= kept["machine"].keys()
    assert [row["recipe"] for row in kept["recipes"]][-3:] == [
        *("stage one", "stage two", "mean of both"),
    ]
    assert {row["photographs"]["n"] for row in kept["recipes"]} == {6}
