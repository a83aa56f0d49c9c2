"""What four networks cost, and what they learned."""

from pydantic import BaseModel

from lessons import kept

NAMES = {"alexnet": "AlexNet", "vgg16": "VGG-16", "resnet18": "ResNet-18", "resnet50": "ResNet-50"}
PUBLISHED_SIDE = 224  # of the pictures for which papers give multiply-adds


class Scratch(BaseModel):
    """Trained from nothing: pictures of what side, how many it saw, and what came of it."""

    side: int
    multiply_adds: int
    seen: int
    right: int
    cpu_s: float


class Pretrained(BaseModel):
    """A logistic regression on its description of the pictures.

    origin: of the weights.
    """

    origin: str
    n_train: int
    right: int
    cpu_s: float


class Network(BaseModel):
    """One network, with one output.

    multiply_adds: at 224 pixels.
    pretrained: the reason instead, where its weights are out of reach.
    """

    name: str
    parameters: int
    multiply_adds: int
    scratch: Scratch
    pretrained: Pretrained | str


class Figures(BaseModel):
    """All networks, judged on the same `n_test` pictures.

    budget: multiply-adds forward that each could spend from scratch.
    """

    run: kept.Run
    seed: int
    budget: float
    n_test: int
    networks: list[Network]

    def of(self, name: str) -> Network:
        """The one of that name."""
        return next(network for network in self.networks if network.name == name)
