"""What training AlexNet and its variants left."""

from pydantic import BaseModel

from lessons import kept

WHOLE = "AlexNet"


class Row(BaseModel):
    """One variant.

    right: of `n_test` pictures, for each seed.
    loss: training loss in the last epoch, mean over seeds.
    cpu_s: of one training.
    gain, half_width: how much more often it is right than the whole AlexNet, a share, and
        how far the 95 % interval of that reaches to each side.
    """

    name: str
    parameters: int
    right: list[int]
    loss: float
    cpu_s: float
    gain: float
    half_width: float

    @property
    def is_beyond_noise(self) -> bool:
        """Whether chance alone would hardly make that difference."""
        return abs(self.gain) > self.half_width


class Figures(BaseModel):
    """All variants, trained on `n_train` pictures, judged on `n_test`."""

    run: kept.Run
    seeds: tuple[int, ...]
    epochs: int
    batch: int
    n_train: int
    n_test: int
    rows: list[Row]
