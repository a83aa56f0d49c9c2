"""python -m tests.training.killed STEP fit ...: `python -m training`, killed as STEP begins.

kill -9, of its loader's workers too, in stage two and before that step of the optimizer. Of
several processes that train together, the last one is killed.
"""

import os
import signal
import sys
from collections.abc import Sequence

from torch import Tensor

from training import launch
from training.__main__ import main
from training.module import CatDog
from training.pictures import Batch


def _kill_at(step: int) -> None:
    train = CatDog.training_step

    def training_step(self: CatDog, batch: Batch, index: int) -> Tensor:
        if self.global_step == step:
            os.killpg(0, signal.SIGKILL)
        return train(self, batch, index)

    CatDog.training_step = training_step


def _start_ourselves() -> None:
    """Have the launcher start this module, where it would start `training`."""
    run = launch.run

    def run_this(_: Sequence[str], devices: int, nodes: int = 1) -> None:
        run([sys.executable, "-m", "tests.training.killed", *sys.argv[1:]], devices, nodes)

    launch.run = run_this


if __name__ == "__main__":
    if os.getpgrp() != os.getpid():
        os.setpgrp()  # not the process that started us
    rank, count = (int(os.environ.get(*word)) for word in (("RANK", "0"), ("WORLD_SIZE", "1")))
    if rank == count - 1:
        _kill_at(int(sys.argv[1]))
    _start_ourselves()
    sys.exit(main(sys.argv[2:]))
