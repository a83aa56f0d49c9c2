"""Everything needed to make the model again."""

import platform
import shlex

from data.manifest import Manifest
from service.artifact import Card, Dataset, StrictModel
from service.cores import usable_cores
from service.names import readable
from training import processor
from training.report.names import name_in
from training.run import Run

EXCLUDED_SHOWN = 100


class LeftOut(StrictModel):
    """A file that does not count, and why."""

    name: str
    reason: str


class Again(StrictModel):
    """How the run was made.

    commands: for a shell at the repository's root, in their order.
    config: the run's whole configuration, YAML.
    excluded: how many files of the data set do not count; `excluded_first` are the first 100.
    machine: the one that wrote the report.
    """

    commands: list[str]
    config: str
    seed: int
    backbone: str
    weights: str
    git_commit: str
    versions: dict[str, str]
    machine: str
    created: str
    dataset: Dataset
    manifest: str
    excluded: int
    excluded_first: list[LeftOut]


def gather(run: Run, card: Card, manifest: Manifest) -> Again:
    """Collect it from the run's folder."""
    # Its own manifest is what a run began with no more: it writes one, with the same parts.
    own = ("--data.manifest", "null", "--data.previous", str(run.manifest))
    config = ("--config", str(run.config), "--ckpt_path", "null", "--resume", "false", *own)
    commit = card.git_commit.removesuffix("-dirty")
    checkout = [] if commit == "unknown" else [shlex.join(("git", "checkout", commit))]
    return Again(
        commands=[
            *checkout,
            shlex.join(("python", "-m", "training", "fit", *config)),
            "python -m training release",
        ],
        config=run.config.read_text(),
        seed=card.recipe.seed,
        backbone=card.recipe.backbone,
        weights=card.recipe.weights,
        git_commit=card.git_commit,
        versions=card.versions,
        machine=machine(),
        created=card.created,
        dataset=card.dataset,
        manifest=readable(str(run.manifest)),
        excluded=len(manifest.excluded),
        excluded_first=[
            LeftOut(name=name_in(run.state["source"], e.path), reason=readable(e.reason))
            for e in manifest.excluded[:EXCLUDED_SHOWN]
        ],
    )


def machine() -> str:
    """This one: processor, usable cores and operating system."""
    system = f"{platform.system()} {platform.machine()}"
    return f"{processor.name()}, {usable_cores()} cores, {system}"
