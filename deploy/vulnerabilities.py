"""`make vulnerabilities`: every locked set against PyPI's list of known vulnerabilities.

Exit status 0: none is known but those in requirements/exceptions.toml. 1: one is. 2: it could not
be found out, because PyPI's JSON API could not be asked: that is no clean bill.
"""

import json
import subprocess
import sys
import tomllib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from pydantic import BaseModel, ConfigDict, ValidationError

REQUIREMENTS = Path("requirements")
EXCEPTIONS = REQUIREMENTS / "exceptions.toml"
CLEAN, FOUND, UNKNOWN = 0, 1, 2


class Excuse(BaseModel):
    """A vulnerability that is lived with.

    look_again: from this day on it counts as found.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    id: str
    package: str
    reason: str
    look_again: date


@dataclass(frozen=True)
class Verdict:
    """What is to be said of a set, and its exit status."""

    status: int
    sentences: list[str]


def main() -> int:
    """Audit all sets, the smallest first, and stop where nothing can be found out."""
    try:
        exceptions = read_exceptions(EXCEPTIONS)
    except (OSError, ValueError) as exc:
        print(f"{EXCEPTIONS} cannot be read: {exc}", file=sys.stderr)
        return UNKNOWN
    worst = CLEAN
    for path in sorted(REQUIREMENTS.glob("*.txt"), key=lambda path: path.stat().st_size):
        verdict = _audit(path, exceptions)
        for sentence in verdict.sentences:
            print(f"{path}: {sentence}", file=sys.stderr if verdict.status else sys.stdout)
        worst = max(worst, verdict.status)
        if verdict.status == UNKNOWN:
            break
    return worst


def read_exceptions(path: Path) -> list[Excuse]:
    """All of the file.

    Raises:
        ValueError: it is no TOML, or an exception lacks something.
        OSError: it cannot be read.
    """
    found = tomllib.loads(path.read_text()).get("exception", [])
    try:
        return [Excuse.model_validate(entry) for entry in found]
    except ValidationError as exc:
        raise ValueError(str(exc)) from exc


def judge(report: dict[str, Any], exceptions: Iterable[Excuse], today: date) -> Verdict:
    """What pip-audit's JSON means.

    Args:
        report: `dependencies`, each with `name`, and `version` and `vulns`, or `skip_reason`.
    """
    dependencies: Sequence[dict[str, Any]] = report["dependencies"]
    skipped = [each["name"] for each in dependencies if "skip_reason" in each]
    if skipped:
        return Verdict(
            UNKNOWN,
            [
                f"PyPI knew nothing of {len(skipped)} of {len(dependencies)} packages "
                f"({', '.join(skipped[:3])}{', ...' if len(skipped) > 3 else ''}), so nothing is "
                "known of their vulnerabilities. Run this where PyPI's JSON API can be reached: "
                "a mirror of the packages alone does not have it."
            ],
        )
    excused = {(each.package, each.id): each for each in exceptions}
    found, lived_with = [], []
    for each in dependencies:
        for vulnerability in each["vulns"]:
            ids = (vulnerability["id"], *vulnerability.get("aliases", ()))
            excuse = next(
                (excused[each["name"], i] for i in ids if (each["name"], i) in excused), None
            )
            fixed = ", ".join(vulnerability["fix_versions"]) or "no version"
            about = f"{each['name']} {each['version']}: {' = '.join(ids)}, mended in {fixed}"
            if excuse is None:
                found.append(f"{about}. Upgrade it, or say in {EXCEPTIONS} why not.")
            elif excuse.look_again <= today:
                found.append(f"{about}. Its exception ended on {excuse.look_again}: look again.")
            else:
                lived_with.append(f"{about}. Lived with until {excuse.look_again}: {excuse.reason}")
    if found:
        return Verdict(FOUND, found)
    return Verdict(CLEAN, [*lived_with, f"{len(dependencies)} packages, no other known."])


def _audit(path: Path, exceptions: Iterable[Excuse]) -> Verdict:
    command = [sys.executable, "-m", "pip_audit", "--disable-pip", "--require-hashes"]
    command += ["--progress-spinner", "off", "--format", "json", "--requirement", str(path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    try:
        report = json.loads(done.stdout)
    except ValueError:
        return Verdict(UNKNOWN, [f"pip-audit gave no report: {done.stderr.strip()[-600:]}"])
    return judge(report, exceptions, date.today())


if __name__ == "__main__":
    sys.exit(main())
