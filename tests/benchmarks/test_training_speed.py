"""`make bench-train`, on a few pictures and a small network: every part of it runs."""

import json
from pathlib import Path

import numpy as np
import pytest
import torch
import yaml
from PIL import Image
from torchvision.models import resnet18

from benchmarks import training_speed
from tests.live_server import REPOSITORY

PICTURES = 16

# In this process Lightning's and jsonargparse's advice to each other would be errors.
pytestmark = pytest.mark.filterwarnings("ignore")


@pytest.fixture
def config(tmp_path: Path) -> Path:
    """The one that `make train` uses, with a resnet18 that has learned nothing."""
    torch.save(resnet18().state_dict(), tmp_path / "random.pth")
    shipped = yaml.safe_load((REPOSITORY / "training/configs/default.yaml").read_text())
    shipped["model"] |= {"backbone": "resnet18", "weights": str(tmp_path / "random.pth")}
    shipped["data"] |= {"batch_size": 8, "workers": 1}
    path = tmp_path / "config.yaml"
    path.write_text(yaml.safe_dump(shipped))
    return path


def test_every_part_is_measured_and_the_ratios_are_theirs(
    config: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(training_speed, "ROUNDS", 1)
    for label in ("cat", "dog"):
        (tmp_path / "pets" / label).mkdir(parents=True)
        for i in range(12):
            noise = np.random.default_rng([i, len(label), ord(label[0])]).integers(
                0, 256, (6, 8, 3)
            )
            picture = Image.fromarray(noise.astype(np.uint8)).resize((64, 48))
            picture.save(tmp_path / "pets" / label / f"{i}.png")
    out = tmp_path / "figures.json"
    words = ["--source", str(tmp_path / "pets"), "--config", str(config), "--out", str(out)]
    assert training_speed.main([*words, "--pictures", str(PICTURES)]) == 0
    found = json.loads(out.read_text())
    speeds = found["pictures_per_s"]
    assert set(speeds) == {
        *("loader alone", "stage one", "stage one, in memory"),
        *("stage two", "stage two, in memory"),
    }
    assert min(speeds.values()) > 0
    assert all(len(each) == 1 for each in found["each_round"].values())
    assert found["ratios"]["stage two / stage two, in memory"] == pytest.approx(
        speeds["stage two"] / speeds["stage two, in memory"], abs=0.01
    )
    assert (found["workers"], found["batch_size"], found["pictures"]) == (1, 8, PICTURES)
