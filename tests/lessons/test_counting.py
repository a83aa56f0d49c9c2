"""Parameters and multiply-adds, against torchvision's own figures and torch's own counter."""

from itertools import pairwise

import pytest
import torch
from torch.utils.flop_counter import FlopCounterMode
from torchvision import models

from lessons import vgg
from lessons.counting import layers, multiply_adds, parameters

NETWORKS = ("alexnet", "vgg16", "resnet18", "resnet50")


def shapes(name: str) -> torch.nn.Module:
    with torch.device("meta"):
        return models.get_model(name)


@pytest.mark.parametrize("name", NETWORKS)
def test_counts_are_those_that_torchvision_publishes(name: str) -> None:
    published = models.get_model_weights(name)["IMAGENET1K_V1"].meta
    network = shapes(name)
    assert parameters(network) == published["num_params"]
    assert round(multiply_adds(network, 224) / 1e9, 3) == published["_ops"]


@pytest.mark.parametrize("name", NETWORKS)
def test_a_flop_counter_finds_two_flops_in_each_multiply_add(name: str) -> None:
    network = shapes(name).eval()
    with FlopCounterMode(display=False) as counter:
        network(torch.empty(1, 3, 96, 96, device="meta"))
    assert counter.get_total_flops() == 2 * multiply_adds(network, 96)


@pytest.mark.parametrize(("name", "giga"), [("alexnet", 0.71), ("vgg16", 15.5), ("resnet18", 1.8)])
def test_work_is_as_papers_round_it(name: str, giga: float) -> None:
    assert multiply_adds(shapes(name), 224) / 1e9 == pytest.approx(giga, abs=0.05)


def test_vgg_with_one_output_by_its_formula() -> None:
    """3 x 3 kernels with biases between these channels, then 7 x 7 x 512 into 4096, 4096, 1."""
    channels = (3, 64, 64, 128, 128, *(256,) * 3, *(512,) * 6)
    expected = [9 * a * b + b for a, b in pairwise(channels)]
    dense = (7 * 7 * 512, 4096, 4096, 1)
    expected += [a * b + b for a, b in pairwise(dense)]
    found = layers(vgg.network(), 224)
    assert [layer.parameters for layer in found] == expected
    assert sum(expected) == parameters(vgg.network()) == 134_264_641


def test_each_layer_multiplies_as_often_as_it_has_outputs_and_weights_for_each() -> None:
    first, *_, last = layers(vgg.network(), 224)
    assert (first.kind, first.out) == ("conv 3 x 3, 64", (64, 224, 224))
    assert first.multiply_adds == 64 * 224 * 224 * 3 * 3 * 3
    assert (last.kind, last.out, last.multiply_adds) == ("dense, 1", (1,), 4096)


def test_counting_leaves_a_network_in_its_mode() -> None:
    network = shapes("alexnet").train()
    layers(network, 224)
    assert network.training


def test_vgg_lesson_names_the_parameters_of_one_output() -> None:
    assert "134,264,641" in vgg.lesson().html
