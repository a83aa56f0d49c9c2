"""Training small networks: it learns, it can be repeated, and its intervals are right."""

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from lessons.families.scratch import mirrored
from lessons.pets import noise, trial, trials
from lessons.pets.classifier import PetClassifier
from lessons.pets.pictures import CAT, DOG, Pictures, enlarged, pictures
from tests.lessons import threads
from training.judging import interval


def red_and_blue() -> Pictures:
    """Noise, 32 pictures of it reddish and then 32 bluish."""
    random = torch.Generator().manual_seed(1)
    images = torch.rand(64, 3, 32, 32, generator=random) - 0.5
    images[:32, 0] += 0.2
    images[32:, 2] += 0.2
    return Pictures(images, (torch.arange(64) >= 32).float())


def classifier() -> PetClassifier:
    network = nn.Sequential(
        nn.Conv2d(3, 4, 3, 2), nn.ReLU(), nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 1)
    )
    return PetClassifier(network, lambda p: torch.optim.SGD(p, lr=0.2, momentum=0.9), mirrored)


def test_a_few_steps_lower_the_loss_and_tell_the_two_apart() -> None:
    done = trial.train(classifier, red_and_blue(), epochs=10, batch=16, seed=1)
    assert len(done.losses) == 10
    assert done.losses[-1] < 0.5 * done.losses[0]
    assert trial.right(done.network, red_and_blue()).float().mean() > 0.9


def test_a_seed_gives_the_same_training_and_another_one_another() -> None:
    def losses(seed: int) -> list[float]:
        return trial.train(classifier, red_and_blue(), epochs=2, batch=16, seed=seed).losses

    assert losses(1) == losses(1) != losses(2)


def test_the_learning_rate_falls_to_nothing() -> None:
    rates = []

    class Watched(PetClassifier):
        def on_train_batch_start(self, *_: object) -> None:
            rates.append(self.optimizers().param_groups[0]["lr"])

    def watched() -> PetClassifier:
        made = classifier()
        return Watched(made.network, made.make_optimizer)

    trial.train(watched, red_and_blue(), epochs=1, batch=16, seed=1)
    assert rates == pytest.approx([0.2, 0.15, 0.1, 0.05])


def test_pictures_an_epoch_can_be_more_than_there_are() -> None:
    seen = []

    def count(images: Tensor) -> Tensor:
        seen.append(len(images))
        return images

    def counting() -> PetClassifier:
        made = classifier()
        return PetClassifier(made.network, made.make_optimizer, count)

    trial.train(counting, red_and_blue(), epochs=1, batch=16, seed=1, pictures_an_epoch=5 * 16)
    assert seen == [16] * 5


def test_tasks_are_done_on_one_thread_each_and_answered_in_their_order(
    capsys: pytest.CaptureFixture[str],
) -> None:
    done = trials.side_by_side(threads.count, [3, 1, 2], lambda task, _: f"task {task}")
    assert done == [(3, 1), (1, 1), (2, 1)]
    said = capsys.readouterr().out
    assert all(f"task {task}" in said for task in (1, 2, 3))
    assert "(3 of 3)" in said


@pytest.mark.parametrize("right", [0, 123, 250, 400])
def test_interval_of_a_share_is_that_of_reports(right: int) -> None:
    expected = interval(right, 400)
    assert noise.wilson(right, 400) == pytest.approx((expected.low, expected.high), abs=1e-4)


def test_interval_of_a_difference_holds_it_19_times_of_20() -> None:
    """Two recipes of 63 and 60 %, with seeds that differ by 2 points, judged on 400 pictures."""
    random = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        # A picture is easy or hard for both; a training is lucky or not on all pictures.
        ease = random.normal(scale=0.2, size=400)
        a, b = (
            random.random((3, 400))
            < np.clip(mean + ease + random.normal(scale=0.02, size=(3, 1)), 0, 1)
            for mean in (0.63, 0.60)
        )
        gain, half_width = noise.difference(a, b)
        held += abs(gain - 0.03) <= half_width
    assert held / 400 > 0.93


def test_difference_of_the_same_answers_is_nothing() -> None:
    answers = np.random.default_rng(1).random((3, 400)) < 0.6
    assert noise.difference(answers, answers)[0] == 0


def test_enlarging_keeps_a_plain_colour_and_leaves_the_right_size_alone() -> None:
    images = torch.full((2, 3, 32, 32), 0.25)
    torch.testing.assert_close(enlarged(images, 64), torch.full((2, 3, 64, 64), 0.25))
    assert enlarged(images, 32) is images


@pytest.mark.registry
def test_pictures_are_the_packages_own_parts() -> None:
    train, test = pictures()
    assert [len(part.labels) for part in (train, test)] == [1600, 400]
    for part in (train, test):
        half = len(part.labels) // 2
        assert part.labels.tolist() == [CAT] * half + [DOG] * half
        assert part.images.shape == (2 * half, 3, 32, 32)
        assert part.images.min() == -1
        assert part.images.max() == 1
    digests = [{image.numpy().tobytes() for image in part.images} for part in (train, test)]
    assert not digests[0] & digests[1]
