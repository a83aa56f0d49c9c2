"""Many trainings, as many at a time as there are cores."""

from collections.abc import Callable, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from multiprocessing import get_context
from typing import TypeVar

import torch

from service.cores import usable_cores

Task = TypeVar("Task")
Result = TypeVar("Result")


def side_by_side(
    job: Callable[[Task], Result], tasks: Sequence[Task], say: Callable[[Task, Result], str]
) -> list[Result]:
    """Do each task in a process with one thread: small networks gain little from a second.

    One thread also makes the results the same to the last bit however many cores there are.

    Args:
        job: a function at a module's top level.
        say: one line for the terminal, when a task is done.
    Returns:
        the results in the order of the tasks.
    """
    pool = ProcessPoolExecutor(
        min(usable_cores(), len(tasks)),
        mp_context=get_context("spawn"),  # a fork inherits locks of threads that it lacks
        initializer=torch.set_num_threads,
        initargs=(1,),
    )
    with pool:
        futures = {pool.submit(job, task): task for task in tasks}
        for count, future in enumerate(as_completed(futures), start=1):
            done = f"({count} of {len(tasks)})"
            print(f"  {say(futures[future], future.result())} {done}", flush=True)
    return [future.result() for future in futures]
