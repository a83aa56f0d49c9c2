"""python -m tests.training.killed STEP fit ...: `python -m training`, killed as STEP begins.

kill -9, of its loader's workers too, in stage two and before that step of the optimizer.
"""

import os
import signal
import sys

from torch import Tensor

from training.__main__ import main
from training.module import CatDog
from training.pictures import Batch


def _kill_at(step: int) -> None:
    train = CatDog.training_step

    def training_step(self: CatDog, batch: Batch, index: int) -> Tensor:
        if self.global_step == step:
            os.killpg(0, signal.SIGKILL)
        return train(self, batch, index)

    CatDog.training_step = training_step  # type: ignore[method-assign]


if __name__ == "__main__":
    os.setpgrp()  # not the process that started us
    _kill_at(int(sys.argv[1]))
    sys.exit(main(sys.argv[2:]))
