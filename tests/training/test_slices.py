"""A batch in slices is the batch: the same pictures, and the same gradient."""

from types import SimpleNamespace

import pytest
import torch
from torch import Tensor
from torch.utils.data import SequentialSampler

from training.module import CatDog
from training.pictures import EpochSampler
from training.slices import Slices, collated

PICTURES, BATCH = 26, 8  # a last batch of 2


def slices_of(rank: int, count: int) -> Slices[tuple[int, int]]:
    return Slices(EpochSampler(PICTURES, 1), BATCH, rank, count)


@pytest.mark.parametrize("count", [1, 2, 3, 5, 8])
def test_together_the_slices_of_a_batch_are_the_batch(count: int) -> None:
    whole = list(slices_of(0, 1))
    parts = [list(slices_of(rank, count)) for rank in range(count)]
    assert len(whole) == 4
    for k, batch in enumerate(whole):
        together = [key for part in parts for key in part[k]]
        assert sorted(together) == sorted(batch)
        assert slices_of(0, count).whole(k) == len(batch)
    assert {len(slices_of(rank, count)) for rank in range(count)} == {len(whole)}


def test_each_process_has_as_much_to_do_as_the_others_but_for_one_picture() -> None:
    for batch in zip(*(slices_of(rank, 3) for rank in range(3)), strict=True):
        sizes = [len(part) for part in batch]
        assert max(sizes) - min(sizes) <= 1


def test_in_order_no_picture_is_validated_twice() -> None:
    parts = [Slices(SequentialSampler(range(9)), 4, rank, 2) for rank in range(2)]
    assert [list(part) for part in parts] == [[[0, 2], [4, 6], [8]], [[1, 3], [5, 7], []]]


def test_a_slice_without_pictures_is_a_batch_of_none() -> None:
    pixels, is_dog = collated([])
    assert pixels.shape == (0, 224, 224, 3)
    assert pixels.dtype == torch.uint8
    assert is_dog.shape == (0,)


@pytest.fixture(scope="module")
def module() -> CatDog:
    torch.manual_seed(0)
    module = CatDog("resnet18", tuned_stages=["layer4"])
    module.build("none", stride_in_1x1=False)
    module.log = lambda *_, **__: None
    return module


def gradient(module: CatDog, pixels: Tensor, is_dog: Tensor, whole: int | None) -> Tensor:
    """Of all that is tuned, in one line."""
    module.zero_grad()
    module.loss_of(pixels, is_dog, whole).backward()
    tuned = [p.grad for p in module.parameters() if p.requires_grad]
    assert all(grad is not None for grad in tuned)
    return torch.cat([grad.flatten() for grad in tuned])


@pytest.mark.parametrize("pictures", [5, 2])
def test_the_mean_of_the_slices_gradients_is_the_batchs(module: CatDog, pictures: int) -> None:
    """Of three processes: with 2, 2 and 1 pictures, and with 1, 1 and none."""
    torch.manual_seed(1)
    pixels = torch.randint(0, 256, (pictures, 224, 224, 3), dtype=torch.uint8)
    is_dog = torch.arange(pictures) % 2.0
    expected = gradient(module, pixels, is_dog, None)
    module._trainer = SimpleNamespace(world_size=3)
    shares = [gradient(module, pixels[r::3], is_dog[r::3], pictures) for r in range(3)]
    assert expected.abs().max() > 0
    assert torch.allclose(torch.stack(shares).mean(0), expected, rtol=1e-3, atol=1e-6)


def test_a_dog_that_is_hardly_sure_is_right_all_the_same(module: CatDog) -> None:
    """Logits between 0 and 1 are no probabilities."""
    module._trainer = SimpleNamespace(world_size=1, val_dataloaders=None)
    module.logit = lambda _: torch.tensor([0.3, 0.2])
    module.val_accuracy.reset()
    module.validation_step((torch.empty(2), torch.ones(2)), 0)
    assert module.val_accuracy.compute() == 1.0
    del module.logit
