"""The four networks side by side: how they were trained, and what the kept figures hold."""

import pytest
import torch
from torchvision import models

from lessons.families import description, page, scratch, training
from lessons.families.figures import NAMES, Figures, Pretrained
from lessons.kept import Kept
from lessons.pets.noise import wilson
from training import weights
from training.errors import TrainingError

KEPT = Kept("families", Figures, training.train, page.lesson)


def test_description_is_what_torchvisions_resnet_gives_its_head(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    torch.manual_seed(0)
    whole = models.resnet18().eval()
    found = weights.Pretrained(whole.state_dict(), False, "a seed")
    monkeypatch.setattr(weights, "load", lambda *_: found)
    trunk, origin = description._trunk("resnet18")
    images = torch.rand(21, 3, 32, 32) * 2 - 1
    described = torch.from_numpy(description.described(trunk, images))

    whole.fc = torch.nn.Identity()
    prepare = models.ResNet18_Weights.IMAGENET1K_V1.transforms(crop_size=128, resize_size=128)
    with torch.inference_mode():
        expected = whole(prepare((images + 1) / 2))
    torch.testing.assert_close(described, expected, rtol=1e-3, atol=1e-4)
    assert origin == "a seed"


def test_weights_out_of_reach_leave_a_reason(monkeypatch: pytest.MonkeyPatch) -> None:
    def out_of_reach(_: str) -> None:
        raise TrainingError("torchvision's download of vgg16 is out of reach: no network.")

    monkeypatch.setattr(weights, "from_torchvision", out_of_reach)
    assert "out of reach" in str(description.pretrained("vgg16"))


def test_every_network_spent_the_budget_and_not_more(figures: Figures) -> None:
    for network in figures.networks:
        spent = network.scratch.seen * network.scratch.multiply_adds
        one_batch = scratch.BATCH * network.scratch.multiply_adds
        assert figures.budget - one_batch < spent <= figures.budget


def test_page_says_how_many_looks_the_budget_bought(figures: Figures) -> None:
    looks = sorted(network.scratch.seen for network in figures.networks)
    assert f"{looks[0]:,} to {looks[-1]:,} looks at a small picture" in page.lesson(figures).html


def test_sizes_are_those_of_torchvisions_networks_with_one_output(figures: Figures) -> None:
    parameters = {network.name: network.parameters for network in figures.networks}
    assert parameters == {
        "alexnet": 57_007_937,
        "vgg16": 134_264_641,
        "resnet18": 11_177_025,
        "resnet50": 23_510_081,
    }
    for network in figures.networks:
        published = models.get_model_weights(network.name)["IMAGENET1K_V1"].meta["_ops"]
        assert network.multiply_adds / 1e9 == pytest.approx(published, abs=0.005)


def test_resnet_50_does_a_quarter_of_vggs_work_with_a_sixth_of_its_parameters(
    figures: Figures,
) -> None:
    vgg, resnet = figures.of("vgg16"), figures.of("resnet50")
    assert vgg.multiply_adds / resnet.multiply_adds == pytest.approx(4, abs=0.5)
    assert vgg.parameters / resnet.parameters == pytest.approx(6, abs=0.5)


def test_pretrained_resnet_50_beats_every_network_from_scratch_beyond_noise(
    figures: Figures,
) -> None:
    known = figures.of("resnet50").pretrained
    assert isinstance(known, Pretrained)
    low, _ = wilson(known.right, figures.n_test)
    for network in figures.networks:
        assert wilson(network.scratch.right, figures.n_test)[1] < low


def test_page_says_which_weights_were_not_in_reach(figures: Figures) -> None:
    html = page.lesson(figures).html
    missing = [n for n in figures.networks if isinstance(n.pretrained, str)]
    assert html.count("<td>weights not in reach</td>") == len(missing)
    assert [network.name for network in figures.networks] == list(NAMES)


def test_from_scratch_only_the_resnets_are_beyond_guessing(figures: Figures) -> None:
    for network in figures.networks:
        low, high = wilson(network.scratch.right, figures.n_test)
        assert high > 0.5
        assert (low > 0.5) == network.name.startswith("resnet")
