"""A task for another process, in a module that imports little."""

import torch


def count(task: int) -> tuple[int, int]:
    """The task itself, and torch's threads where it is done."""
    return task, torch.get_num_threads()
