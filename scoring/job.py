"""One job, from the address of the pictures to the summary. Wires, and computes nothing."""

import os
import time
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from scoring import cluster, listing, pipeline, plan, progress
from scoring.errors import ScoringError
from scoring.output import Output, Tally
from scoring.pipeline import Stages
from scoring.place import Place, reason
from scoring.plan import Header, Plan
from scoring.summary import Summary
from service import artifact, engines, settings, store


@dataclass(frozen=True)
class Job:
    """What the user asked for; None is for us to choose.

    source, out: addresses.
    column: of Parquet files.
    model: a tag of the store.
    shard: pictures of each part.
    decoders, scorers: how many at once, in all.
    threads: cores a model computes on.
    """

    source: str
    out: str
    column: str | None = None
    model: str | None = None
    shard: int | None = None
    decoders: int | None = None
    scorers: int | None = None
    threads: int = 1


def run(job: Job) -> Summary:
    """Score what has no answer yet.

    Raises:
        ScoringError: see there; what is written stays, and the same job goes on from it.
        StoreError, ArtifactError: there is no such model, or it is damaged.
        EngineError, SettingsError: the settings ask for what there is not.
    """
    _insist_on_utf_8(job)
    out = Place.of(job.out)
    earlier = plan.found(out)
    if earlier:
        _insist_on_the_same(job, earlier.header)
    wanted = earlier.header.model if earlier else job.model
    wanted = wanted or settings.from_environment(os.environ).model
    chosen = settings.from_environment({**os.environ, settings.variable("model"): wanted})
    folder, tag = store.path_of(wanted)
    card = artifact.verify(folder)
    if not os.environ.get(cluster.ADDRESS):  # what its nodes have is for them to say
        engines.check(card, chosen)
    work = earlier or _listed(job, out, tag)
    output = Output(out)
    finished, tally = _finished(output)
    n_before = tally.total()
    left = np.setdiff1d(np.arange(work.n_shards), finished).tolist()
    seconds = 0.0
    if left:
        with cluster.connected() as capacity:
            stages = Stages.for_capacity(
                capacity, chosen, decoders=job.decoders, scorers=job.scorers, threads=job.threads
            )
            started_s = time.perf_counter()
            with progress.scoring(work.header.pictures, tally) as shown:
                for part in pipeline.run(work, left, output, folder, chosen, stages):
                    shown.add(part)
            seconds = time.perf_counter() - started_s
    if tally.total() != work.header.pictures:
        raise ScoringError(
            f"{tally.total()} pictures are in {out}, {work.header.pictures} are on its list: "
            "files were changed by others. Give another OUT."
        )
    summary = Summary(str(out), tag, tally, tally.total() - n_before, seconds)
    output.write_summary(summary.figures())
    return summary


def _finished(output: Output) -> tuple[list[int], Tally]:
    """What earlier runs left: the shards, and what they came to."""
    try:
        output.remove_leftovers()
        finished = output.finished()
        return finished, sum(output.tallies(finished), Tally())
    except (OSError, pa.ArrowException) as exc:
        raise ScoringError(f"{output.place} cannot be read: {reason(exc)}.") from exc


def _listed(job: Job, out: Place, tag: str) -> Plan:
    source = Place.of(job.source)
    if f"{out}/".startswith(f"{source}/"):
        raise ScoringError(
            f"{out} lies within {source}, whose pictures are to be scored. Give an OUT beside it."
        )
    try:
        holds_parts = bool(Output(out).finished())
    except OSError as exc:
        raise ScoringError(f"{out} cannot be read: {reason(exc)}.") from exc
    if holds_parts:
        raise ScoringError(f"{out} holds parts without their list. Give another OUT.")

    def header(n_pictures: int) -> Header:
        return Header(
            source=str(source),
            column=job.column,
            model=tag,
            pictures=n_pictures,
            shard=job.shard or plan.usual_shard(n_pictures),
        )

    with progress.listing() as shown:
        references = listing.references(source, job.column)
        return plan.write(out, references, header, shown.update)


def _insist_on_utf_8(job: Job) -> None:
    """Ray tells itself the command and the current folder as text, once all is listed."""
    elsewhere = "Rename it, or work in another one."
    linked = "Rename it, or give a link to it whose own path is UTF-8."
    for name, place, way_out in (
        ("The current folder", Place.of("."), elsewhere),
        ("IN", Place.of(job.source), linked),
        ("OUT", Place.of(job.out), linked),
    ):
        if str(place) != place.address:
            raise ScoringError(
                f"{name}, {place}, has bytes in its path that are not UTF-8, which Ray does not "
                f"take. {way_out}"
            )


def _insist_on_the_same(job: Job, header: Header) -> None:
    """What an output was begun with is what it is finished with.

    The model in service, where that was named, is the one of then.
    """
    model = None if job.model in (store.NAME, store.LATEST) else job.model
    asked = {
        "IN": (str(Place.of(job.source)), str(Place.of(header.source))),
        "--column": (job.column or header.column, header.column),
        "--model": (model or header.model, header.model),
        "--shard": (job.shard or header.shard, header.shard),
    }
    for name, (now, before) in asked.items():
        if now != before:
            raise ScoringError(
                f"{job.out} was begun with {name} {before}, and now it is {now}. Give the same, "
                "or another OUT."
            )
