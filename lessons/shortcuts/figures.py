"""What training plain networks and those with shortcuts left."""

from pydantic import BaseModel

from lessons import kept

DEPTHS = (8, 20, 44)


class Curve(BaseModel):
    """One training.

    losses: training loss of each epoch, in nats.
    gradients: norm of the first batch's gradient at each 3 x 3 convolution, before any step.
    right: of the pictures that it was not trained on.
    """

    depth: int
    shortcuts: bool
    parameters: int
    multiply_adds: int
    losses: list[float]
    gradients: list[float]
    right: int
    cpu_s: float


class Figures(BaseModel):
    """All trainings, on `n_train` pictures, judged on `n_test`."""

    run: kept.Run
    seed: int
    epochs: int
    n_train: int
    n_test: int
    curves: list[Curve]

    def of(self, depth: int, shortcuts: bool) -> Curve:
        """The one with this depth."""
        (curve,) = (c for c in self.curves if (c.depth, c.shortcuts) == (depth, shortcuts))
        return curve


def name(shortcuts: bool) -> str:
    """As people call such a network."""
    return "with shortcuts" if shortcuts else "plain"
