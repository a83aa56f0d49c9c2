"""Plain networks and those with shortcuts, and what the page says of the kept figures."""

import pytest
import torch
from torch import nn

from lessons.counting import parameters
from lessons.kept import Kept
from lessons.shortcuts import page, training
from lessons.shortcuts.figures import DEPTHS, Figures
from lessons.shortcuts.network import Block, network

KEPT = Kept("shortcuts", Figures, training.train, page.lesson)


@pytest.mark.parametrize("depth", DEPTHS)
def test_both_have_the_same_parameters_and_as_many_layers_as_they_say(depth: int) -> None:
    plain, short = network(depth, False), network(depth, True)
    shapes = [{name: p.shape for name, p in n.named_parameters()} for n in (plain, short)]
    assert shapes[0] == shapes[1]
    weighted = [m for m in plain.modules() if isinstance(m, nn.Conv2d | nn.Linear)]
    assert len(weighted) == depth


@pytest.mark.parametrize("depth", DEPTHS)
def test_parameters_by_formula(depth: int) -> None:
    n = (depth - 2) // 6
    kernels = 9 * (3 * 8 + 2 * n * 8 * 8)
    kernels += 9 * (8 * 16 + (2 * n - 1) * 16 * 16) + 9 * (16 * 32 + (2 * n - 1) * 32 * 32)
    norms = 2 * (8 + 2 * n * (8 + 16 + 32))
    assert parameters(network(depth, True)) == kernels + norms + 32 + 1


def test_other_depths_are_refused() -> None:
    with pytest.raises(ValueError, match="A depth of 18 is not 6 n"):
        network(18, True)


def test_block_that_learned_nothing_passes_on_what_it_gets() -> None:
    x = torch.rand(2, 8, 6, 6)
    for shortcut, expected in ((True, x), (False, torch.zeros_like(x))):
        block = Block(8, 8, 1, shortcut)
        nn.init.zeros_(block.norm2.weight)
        torch.testing.assert_close(block(x), expected)


def test_shortcut_into_a_new_stage_keeps_every_second_pixel_and_adds_empty_channels() -> None:
    x = torch.rand(2, 8, 6, 6)
    around = Block(8, 16, 2, True).around(x)
    assert around.shape == (2, 16, 3, 3)
    assert torch.equal(around[:, :8], x[..., ::2, ::2])
    assert not around[:, 8:].any()


def test_from_one_seed_both_start_with_the_same_weights() -> None:
    built = []
    for shortcuts in (False, True):
        torch.manual_seed(4)
        built.append(network(8, shortcuts).state_dict())
    assert all(torch.equal(built[0][name], built[1][name]) for name in built[0])


def test_gradient_norms_are_those_of_finite_differences() -> None:
    torch.manual_seed(0)
    net = network(8, True).double()
    images, labels = torch.rand(4, 3, 32, 32).double(), torch.tensor([0.0, 1, 1, 0]).double()
    norms = training.gradient_norms(net, images, labels)
    assert len(norms) == 7
    # The derivative along the gradient itself is its norm.
    kernel = net.conv.weight
    loss = nn.functional.binary_cross_entropy_with_logits
    (gradient,) = torch.autograd.grad(loss(net(images).squeeze(1), labels), kernel)
    step = 1e-6 * gradient / gradient.norm()
    with torch.no_grad():
        values = []
        for sign in (1, -1):
            kernel += sign * step
            values.append(loss(net(images).squeeze(1), labels).item())
            kernel -= sign * step
    assert norms[0] == pytest.approx((values[0] - values[1]) / 2e-6, rel=0.01)


def test_kept_pairs_have_the_same_parameters(figures: Figures) -> None:
    assert len(figures.curves) == 2 * len(DEPTHS)
    for curve in figures.curves:
        assert curve.parameters == parameters(network(curve.depth, curve.shortcuts))
        assert len(curve.losses) == figures.epochs == training.EPOCHS
        assert len(curve.gradients) == curve.depth - 1


def test_deepest_plain_network_learns_its_training_pictures_worse_than_shallower_ones(
    figures: Figures,
) -> None:
    plain = {depth: figures.of(depth, False).losses[-1] for depth in DEPTHS}
    assert plain[44] > plain[20] + 0.02
    assert plain[44] > plain[8] + 0.02


def test_with_shortcuts_the_deepest_learns_them_better_than_any_plain_network(
    figures: Figures,
) -> None:
    short = figures.of(44, True).losses[-1]
    assert short < min(figures.of(depth, False).losses[-1] for depth in DEPTHS)


def test_gradient_grows_on_its_way_back_a_hundredfold_more_without_shortcuts(
    figures: Figures,
) -> None:
    plain, short = (figures.of(44, shortcuts).gradients for shortcuts in (False, True))
    assert plain[0] / plain[-1] > 100
    assert short[0] / short[-1] < 20


def test_page_shows_both_curves_and_the_gradients() -> None:
    html = KEPT().html
    assert html.count("<svg") == 3
    assert "style=" not in html
