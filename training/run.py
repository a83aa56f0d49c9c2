"""A training run: one folder that holds all there is to know of it."""

import errno
import fcntl
import hashlib
import json
import os
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from service.whole import replacing
from training import disk
from training.errors import TrainingError

STATE = "run.json"
REPORT = "report.html"
LOCK = ".lock"
TRAINED, RELEASED = "trained", "released"


def root() -> Path:
    """Where runs live: `CATDOG_RUNS`, or `runs/` here."""
    return Path(os.environ.get("CATDOG_RUNS", "runs"))


@dataclass(frozen=True)
class Run:
    """One folder under `root()`."""

    folder: Path

    @property
    def checkpoints(self) -> Path:
        return self.folder / "checkpoints"

    @property
    def last(self) -> Path:
        return self.checkpoints / "last.ckpt"

    @property
    def manifest(self) -> Path:
        return self.folder / "manifest.csv"

    @property
    def config(self) -> Path:
        return self.folder / "config.yaml"

    @property
    def artifact(self) -> Path:
        return self.folder / "artifact"

    @property
    def report(self) -> Path:
        return self.folder / REPORT

    @property
    def state(self) -> dict[str, str]:
        """What `run.json` says; empty where there is none."""
        try:
            state: dict[str, str] = json.loads((self.folder / STATE).read_text())
        except (FileNotFoundError, json.JSONDecodeError):
            return {}
        return state

    @property
    def is_finished(self) -> bool:
        """Whether nothing is left to do: the report comes after the decision."""
        return self.state.get("state") == RELEASED and self.report.is_file()

    def hold(self) -> None:
        """Keep all other processes from working on this run until this one ends.

        Raises:
            TrainingError: another one works on it.
        """
        # A record lock: the kernel lets go of it when this process dies, and forked workers that
        # live on for a moment don't have it. To close the file would let go of it too.
        file = os.open(self.folder / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.lockf(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except OSError as exc:
            os.close(file)
            if exc.errno not in (errno.EACCES, errno.EAGAIN):
                return  # a file system without locks
            raise TrainingError(
                f"Another process is at work on {self.folder}. Wait until it is through, or begin "
                "another run on the same pictures: make train RESUME=false, or --resume false."
            ) from exc

    def record_trained(self) -> None:
        """From now on it waits for `release`, before all that were trained earlier."""
        self.record(state=TRAINED, trained=datetime.now(UTC).isoformat())

    def record(self, **changes: str) -> None:
        """Update `run.json` in one step."""
        with replacing(self.folder / STATE) as partial:
            partial.write_text(json.dumps({**self.state, **changes}, indent=2) + "\n")

    def discard_if_empty(self) -> None:
        """Remove the folder unless something was trained in it."""
        if not any(self.checkpoints.glob("*")):
            shutil.rmtree(self.folder)


def start(source: str, config: str) -> Run:
    """Make the folder of a new run, named after the time and the pictures.

    Raises:
        TrainingError: it cannot be written.
    """
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    run = Run((root() / f"{stamp}-{slug(source)}-{os.getpid()}").absolute())
    with disk.writing(run.folder):
        run.checkpoints.mkdir(parents=True)
        run.record(source=source, config_digest=digest(config), state="started")
    return run


def slug(source: str) -> str:
    """The last name of what pictures come from, as part of a folder's name."""
    return re.sub(r"[^A-Za-z0-9]+", "-", Path(source).name)[:100].strip("-") or "pictures"


def digest(config: str) -> str:
    """Tells whether two configurations are the same."""
    return hashlib.sha256(config.encode()).hexdigest()


def newest_first() -> Iterator[Run]:
    """All runs that have a state."""
    folders = sorted((p for p in root().glob("*") if p.is_dir()), reverse=True)
    return (run for run in map(Run, (f.absolute() for f in folders)) if run.state)


def unfinished(config: str) -> Run | None:
    """The newest run of this very configuration, unless it got to its end."""
    for run in newest_first():
        if run.state.get("config_digest") == digest(config):
            return None if run.is_finished else run
    return None


def previous_manifest(source: str, besides: Run) -> Path | None:
    """The manifest of the newest other run on the same source: pictures keep their parts."""
    for run in newest_first():
        is_other = run.folder != besides.folder
        if is_other and run.state.get("source") == source and run.manifest.is_file():
            return run.manifest
    return None


def find(name: str | None) -> Run:
    """The named run (a folder, or its name under `root()`), or the one that was trained last.

    Of the latter, one that still waits for its decision or its report goes first: a run that was
    gone on with is older by name than others that were through before it.

    Raises:
        TrainingError: there is none.
    """
    if name is None:
        trained = [run for run in newest_first() if run.state["state"] in (TRAINED, RELEASED)]
        if not trained:
            raise TrainingError(f"No finished run in {root().absolute()}. Run `make train` first.")
        return max(trained, key=lambda run: (not run.is_finished, run.state.get("trained", "")))
    for folder in (Path(name), root() / name):
        run = Run(folder.absolute())
        if run.state:
            return run
    known = ", ".join(run.folder.name for run in newest_first()) or "none"
    raise TrainingError(f"No run '{name}'. Runs here: {known}.")
