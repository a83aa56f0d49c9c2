"""What training leaves behind: all that the lesson tells, and nothing that can be computed."""

from pydantic import BaseModel

from lessons.digits.mnist import Source
from lessons.kept import Run
from lessons.pets.noise import wilson


class Accuracy(BaseModel):
    """How many of n were right, and the 95 % interval of their share (Wilson, 1927)."""

    right: int
    n: int
    low: float
    high: float

    @property
    def value(self) -> float:
        """The share, 0 to 1."""
        return self.right / self.n


def accuracy(right: int, n: int) -> Accuracy:
    """With its interval."""
    low, high = wilson(right, n)
    return Accuracy(right=right, n=n, low=low, high=high)


class Epoch(BaseModel):
    """train_loss: mean over the epoch, nats. validation_accuracy: after it, 0 to 1."""

    train_loss: float
    validation_accuracy: float


class Training(BaseModel):
    """One network, trained from one seed. test: on digits that nothing was chosen by."""

    seed: int
    history: list[Epoch]
    test: Accuracy
    seconds: float


class Mistake(BaseModel):
    """A test digit that a network got wrong.

    picture: PNG, white on black, as a `data:` URL.
    answers: network -> what it took the digit for.
    """

    label: int
    picture: str
    answers: dict[str, int]


class Pair(BaseModel):
    """The two networks of a seed on the same test digits: how many only one got right.

    p_value: of McNemar's exact test: how often as uneven a split, or more, were luck.
    """

    seed: int
    only_perceptron: int
    only_convnet: int
    neither: int
    p_value: float


class Figures(BaseModel):
    """Of all trainings.

    counts: digits for training, validation and test.
    trainings: network -> one for each seed.
    mistakes: of the first seed, both networks'.
    kernels: the first seed's first layer, (30, 5, 5).
    """

    run: Run
    source: Source
    counts: tuple[int, int, int]
    batch: int
    epochs: int
    trainings: dict[str, list[Training]]
    pairs: list[Pair]
    mistakes: list[Mistake]
    kernels: list[list[list[float]]]
