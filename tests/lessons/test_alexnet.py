"""The small AlexNet, its variants, and what the page says of the kept figures."""

import pytest
import torch
from torch import nn
from torchvision import models

from lessons.alexnet import page, training
from lessons.alexnet.figures import WHOLE, Figures
from lessons.alexnet.network import SIDE, alexnet, centre, crop_and_flip
from lessons.alexnet.variants import VARIANTS
from lessons.counting import layers, parameters
from lessons.kept import Kept

KEPT = Kept("alexnet", Figures, training.train, page.lesson)


def test_parameters_by_formula() -> None:
    convolutions = ((5, 3, 8), (5, 8, 24), (3, 24, 48), (3, 48, 32), (3, 32, 32))
    dense = ((32 * 2 * 2, 256), (256, 256), (256, 1))
    expected = sum(k * k * a * b + b for k, a, b in convolutions)
    expected += sum(a * b + b for a, b in dense)
    assert parameters(alexnet()) == expected


def test_layout_is_the_papers_at_an_eighth_of_the_channels() -> None:
    with torch.device("meta"):
        theirs, ours = layers(models.alexnet(), 224), layers(alexnet(), SIDE)
    assert len(ours) == len(theirs) == 8
    assert [8 * layer.out[0] for layer in ours[:5]] == [layer.out[0] for layer in theirs[:5]]


def test_pooling_with_and_without_overlap_leaves_maps_of_the_same_size() -> None:
    with torch.device("meta"):
        both = [layers(alexnet(overlapping=overlapping), SIDE) for overlapping in (True, False)]
    assert both[0] == both[1]


@pytest.mark.parametrize("activation", [nn.ReLU, nn.Tanh])
def test_signals_neither_die_nor_explode_on_their_way(activation: type[nn.Module]) -> None:
    torch.manual_seed(0)
    logits = alexnet(activation=activation).eval()(torch.randn(200, 3, SIDE, SIDE))
    assert 0.1 < logits.std() < 10


def test_each_crop_is_a_part_of_its_own_picture_half_of_them_mirrored() -> None:
    torch.manual_seed(0)
    images = torch.rand(300, 3, 32, 32)
    mirrored, places = 0, set()
    for image, crop in zip(images, crop_and_flip(images), strict=True):
        found = [
            (top, left, flip)
            for top in range(5)
            for left in range(5)
            for flip in (False, True)
            if torch.equal(cut(image, top, left, flip), crop)
        ]
        assert len(found) == 1
        places.add(found[0][:2])
        mirrored += found[0][2]
    assert len(places) == 25
    assert 110 < mirrored < 190


def cut(image: torch.Tensor, top: int, left: int, flip: bool) -> torch.Tensor:
    part = image[:, top : top + SIDE, left : left + SIDE]
    return part.flip(2) if flip else part


def test_centre_is_the_middle_crop() -> None:
    image = torch.rand(1, 3, 32, 32)
    assert torch.equal(centre(image)[0], cut(image[0], 2, 2, False))


def test_every_variant_was_trained_from_every_seed(figures: Figures) -> None:
    assert [row.name for row in figures.rows] == list(VARIANTS)
    assert figures.seeds == training.SEEDS
    assert figures.epochs == training.EPOCHS
    for row in figures.rows:
        assert len(row.right) == len(figures.seeds)
        assert row.parameters == parameters(VARIANTS[row.name].make())


def test_differences_are_those_of_the_counts(figures: Figures) -> None:
    whole, *others = figures.rows
    assert whole.name == WHOLE
    for row in others:
        gain = (sum(row.right) - sum(whole.right)) / (len(row.right) * figures.n_test)
        assert row.gain == pytest.approx(gain, abs=1e-4)
        assert row.half_width > 0


def test_whole_network_beats_guessing(figures: Figures) -> None:
    assert min(figures.rows[0].right) > 0.55 * figures.n_test


def test_page_calls_a_difference_noise_unless_its_interval_excludes_none(
    figures: Figures,
) -> None:
    html = page.lesson(figures).html
    for row in figures.rows[1:]:
        sentence = next(p for p in html.split("<p>") if "eyond noise" in p and row.name in p)
        assert sentence.startswith("Not beyond") == (abs(row.gain) <= row.half_width)


def test_page_tells_parameters_of_the_original() -> None:
    assert "61,100,840" in KEPT().html


def test_dropout_and_hidden_layers_slow_it_down_here_and_tanh_does_worse(figures: Figures) -> None:
    whole = figures.rows[0]
    rows = {row.name: row for row in figures.rows}
    assert 0.55 < whole.loss < 0.69
    for name in ("without dropout", "without hidden dense layers"):
        assert rows[name].gain > rows[name].half_width
        assert rows[name].loss < whole.loss
    assert rows["tanh instead of ReLU"].gain < -rows["tanh instead of ReLU"].half_width
