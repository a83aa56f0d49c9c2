"""The audit of one source, from its pictures to the folder with audit.html and audit.csv."""

import shutil
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

from data import audit_csv
from data.audit import CONFLICT, KINDS, Finding, left_out, tiny
from data.decisions import Decisions
from data.manifest import Manifest, build
from data.picture import Row
from data.source import resolve
from training import run
from training.audit import copies, evidence, page, suspects
from training.errors import TrainingError

HTML, CSV = "audit.html", "audit.csv"


class AuditResult(NamedTuple):
    """What was found, kind by kind and worst first, and the folder that says so."""

    source: str
    folder: Path
    pictures: int
    findings: tuple[Finding, ...]

    @property
    def counts(self) -> dict[str, int]:
        """Kind -> number of findings, in the order of `KINDS`, without those of none."""
        count = Counter(finding.kind for finding in self.findings)
        return {kind: count[kind] for kind in KINDS if count[kind]}


def audit(
    source: str,
    out: Path | None = None,
    *,
    backbone: str = "resnet50",
    weights: str = "auto",
    exclude: Path | None = None,
    relabel: Path | None = None,
) -> AuditResult:
    """Look through all pictures of a source, and write audit.html and audit.csv.

    Args:
        source: see `data.source.resolve`.
        out: a folder that is not there yet, or empty; one under `runs/` by default. What
            an earlier audit wrote is never replaced: somebody may have edited it.
        backbone, weights: see `training.weights.load`.
        exclude, relabel: earlier decisions (`Decisions.read`). They are heeded, and what
            was decided is not asked again.
    Raises:
        DataError: the pictures or the decisions cannot be used.
        TrainingError: no weights are in reach, or `out` cannot be written.
    """
    folder = (out or _default_folder(source)).absolute()
    _require_empty(folder)
    decisions = Decisions.read(exclude, relabel)
    resolved = resolve(source)
    manifest = build(resolved, decisions=decisions)
    label_of = {candidate.path: candidate.label for candidate in resolved.candidates}
    by_itself = [*left_out(manifest, label_of.__getitem__), *tiny(manifest)]
    found = _with_evidence(manifest, by_itself, backbone, weights)
    asked = [f for f in found if not decisions.of(f.path, f.sha256)]
    in_order = sorted(asked, key=lambda f: (KINDS.index(f.kind), -f.score, f.path))
    result = AuditResult(resolved.name, folder, len(manifest.rows), tuple(in_order))
    write(result)
    return result


def table(result: AuditResult) -> str:
    """How much of what was found, and what to do now."""
    lines = [f"{result.pictures:,} pictures of {result.source} audited"]
    lines += [f"{count:7,}  {page.TITLES[kind]}" for kind, count in result.counts.items()]
    if not result.findings:
        lines.append("Nothing found.")
    return "\n".join([*lines, f"Look at {result.folder / HTML}, decide in {result.folder / CSV}"])


def _with_evidence(
    manifest: Manifest, by_itself: Sequence[Finding], backbone: str, weights: str
) -> list[Finding]:
    """Findings, those that need no network with advice where it can be had."""
    conflicts = [finding for finding in by_itself if finding.kind == CONFLICT]
    rows = [*manifest.rows, *map(_unlabelled, conflicts)]
    found = evidence.gather(rows, backbone, weights)
    advised = {
        conflict.path: copies.advise(conflict, float(found.p_dog[i]), found.strangeness[i])
        for i, conflict in enumerate(conflicts, start=len(manifest.rows))
    }
    return [
        *suspects.find(rows, found),
        *copies.near_duplicates(rows, found),
        *(advised.get(finding.path, finding) for finding in by_itself),
    ]


def _unlabelled(conflict: Finding) -> Row:
    """A picture with several labels, to be judged by the others and not to judge them."""
    return Row(conflict.path, "", "", conflict.sha256, "", 0, 0)


def _default_folder(source: str) -> Path:
    return run.root() / f"audit-{run.slug(source)}-{datetime.now(UTC):%Y%m%d-%H%M%S}"


def _require_empty(folder: Path) -> None:
    """See that the folder can be made, before the work of making what goes into it."""
    is_empty = folder.is_dir() and not any(folder.iterdir())
    if not is_empty and (folder.exists() or folder.is_symlink()):
        raise TrainingError(
            f"{folder} is there already, and an {CSV} in it may hold decisions. Name a new "
            "folder, or move this one away."
        )
    with _written_to(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        with TemporaryDirectory(prefix=".audit-", dir=folder.parent):
            pass  # tried, as rights alone don't say it: a disk may be mounted to be read only


def write(result: AuditResult) -> None:
    """Write beside the folder, then rename: it is whole or not there.

    Raises:
        TrainingError: it cannot be written.
    """
    partial = result.folder.with_name(f".{result.folder.name}.partial")
    with _written_to(result.folder):
        try:
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            audit_csv.write(partial / CSV, result.findings)
            html = page.render(result.source, result.pictures, result.findings)
            (partial / HTML).write_text(html, encoding="utf-8")
            partial.rename(result.folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


@contextmanager
def _written_to(folder: Path) -> Iterator[None]:
    try:
        yield
    except OSError as exc:
        raise TrainingError(
            f"The audit cannot be written to {folder} ({exc.strerror}). Name another folder, or "
            "free some space."
        ) from exc
