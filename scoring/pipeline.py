"""Two stages on Ray Data: tasks that decode, and actors that score and write."""

import json
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pyarrow as pa

from scoring.cluster import Capacity
from scoring.decoding import decode
from scoring.errors import ScoringError
from scoring.output import Output, Tally
from scoring.plan import Plan
from scoring.scorer import Scorer, files_of
from service.settings import Settings

# Ray keeps a little of every block until a data set is through: so many shards make one, and
# the driver's memory does not grow with the pictures.
WAVE_SHARDS = 2048
# What stages ask Ray for. Both compute on the same cores, and the system shares these out: who
# scores asks for next to nothing, so that after a node is lost its actors find room on others,
# however few are left, and who decodes leaves them that room.
DECODER_CORES = 0.9
SCORER_CORES = 0.01
_BLOCK_BYTES = 512 * 2**20  # more than any shard has: Ray must not cut them


@dataclass(frozen=True)
class Stages:
    """How many work at once, in all of the cluster.

    decoders: tasks, a core each.
    scorers: actors, each with a model.
    threads: of each model on the CPU.
    gpus: of each model.
    """

    decoders: int
    scorers: int
    threads: int | None
    gpus: int

    @classmethod
    def for_capacity(
        cls,
        capacity: Capacity,
        settings: Settings,
        *,
        decoders: int | None = None,
        scorers: int | None = None,
        threads: int = 1,
    ) -> "Stages":
        """All that there is: a decoder a core, a model a GPU or for so many cores."""
        usual_decoders = decoders or sum(capacity.cores)
        if settings.device != "cpu" and capacity.gpus:
            return cls(usual_decoders, scorers or capacity.gpus, None, 1)
        fitting = sum(max(1, cores // threads) for cores in capacity.cores)
        return cls(usual_decoders, scorers or fitting, threads, 0)


def run(
    plan: Plan,
    shards: Sequence[int],
    output: Output,
    model: Path,
    settings: Settings,
    stages: Stages,
) -> Iterator[Tally]:
    """Score shards and write their parts; the tally of each as it is done, in any order.

    Args:
        model: its folder, an artifact that is whole.
    Raises:
        ScoringError: a stage failed for another reason than a picture.
    """
    import ray
    from ray.exceptions import RayError

    scorer = {
        "files": ray.put(files_of(model)),
        "tag": plan.header.model,
        "settings": settings,
        "output": output,
        "threads": stages.threads,
    }
    try:
        for start in range(0, len(shards), WAVE_SHARDS):
            wave = shards[start : start + WAVE_SHARDS]
            yield from _wave(wave, stages, {"plan": plan, "settings": settings}, scorer)
    except RayError as exc:
        raise ScoringError(f"Scoring stopped: {_cause(exc)}") from exc


def _wave(
    shards: Sequence[int], stages: Stages, decoding: dict[str, Any], scorer: dict[str, Any]
) -> Iterator[Tally]:
    from ray import data

    context = data.DataContext.get_current()
    context.target_max_block_size = _BLOCK_BYTES
    context.enable_progress_bars = False  # ours counts pictures
    context.print_on_execution_start = False
    context.memory_usage_poll_interval_s = None  # a look at each worker's every page, for a log
    n_scorers = min(stages.scorers, len(shards))
    scored = (
        data.from_arrow([pa.table({"shard": [shard]}) for shard in shards])
        .map_batches(
            decode,
            fn_kwargs=decoding,
            batch_size=1,  # a shard
            batch_format="pyarrow",
            compute=data.TaskPoolStrategy(size=stages.decoders),
            num_cpus=DECODER_CORES,
        )
        .map_batches(
            Scorer,
            fn_constructor_kwargs=scorer,
            batch_size=1,  # a shard
            batch_format="pyarrow",
            compute=data.ActorPoolStrategy(size=n_scorers),
            num_cpus=SCORER_CORES,
            num_gpus=stages.gpus,
        )
    )
    for batch in scored.iter_batches(batch_size=None, batch_format="pyarrow"):
        for text in batch.column("tally").to_pylist():
            yield Counter(json.loads(text))


def _cause(error: BaseException) -> str:
    """What went wrong first, in a line: Ray makes tracebacks of tasks into its message."""
    first, _, _ = str(error).partition("The above exception was the direct cause")
    lines = [line.strip() for line in first.splitlines() if line.strip()]
    return lines[-1] if lines else type(error).__name__
