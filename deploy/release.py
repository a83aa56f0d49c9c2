"""Whether a version can be released, and what is missing: `make release VERSION=1.2.3`.

It changes nothing of the project. Every check is made, so that one run says all there is to do:
those that look first, then the targets of the Makefile that test for real, for half an hour or
more. Each of these leaves its output in a log. Exit status 1 if anything is missing.
"""

import argparse
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
import tomllib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

# What is run, the quicker first, and what it would show to be missing.
TARGETS = {
    "lint": "ruff and mypy have something to say",
    "vulnerabilities": "known vulnerabilities without an exception, or nobody to ask for them",
    "test": "tests fail",
    "image": "the image cannot be built",
    "image-test": "the image does not do what it must",
}
TOOLS = ("chromium", "kubectl", "nginx", "promtool", "wrk")
BENCHMARKS = ("serving.json", "recipe.json", "over_http.json")  # that must be there: README


@dataclass(frozen=True)
class Finding:
    """One line of the checklist.

    about: what was looked at, in a word or two.
    is_fine: whether a release may go on.
    says: what was found; where something is missing, what to do.
    """

    about: str
    is_fine: bool
    says: str

    def __str__(self) -> str:
        return f"{'ok     ' if self.is_fine else 'MISSING'}  {self.about}: {self.says}"


def main() -> int:
    """Print the checklist as it is found."""
    parser = argparse.ArgumentParser(prog="make release", description=__doc__)
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    parser.add_argument("version", help="the version to release, such as 1.2.3")
    parser.add_argument("--only-look", action="store_true", help="run none of the targets")
    options = parser.parse_args()
    root = Path.cwd()
    version = options.version.removeprefix("v")
    missing = 0
    for finding in _findings(root, version, runs_targets=not options.only_look):
        print(finding, flush=True)
        missing += not finding.is_fine
    if missing:
        print(f"\n{version} cannot be released: {missing} missing.")
        return 1
    if options.only_look:
        print("\nNothing is missing of what can be seen; the targets were not run.")
        return 0
    print(f"\nNothing is missing. Release it: git tag -a v{version} -m {version}")
    commit = _git(root, "rev-parse", "--short", "HEAD")
    print(f"and push the tag v{version}, and the image as catdog:MODEL-{commit}: a tag that runs")
    print("already rolls out nothing (docs/operations.md).")
    return 0


def _findings(root: Path, version: str, *, runs_targets: bool) -> Iterator[Finding]:
    for look in (project_version, tag, tree, changelog):
        yield look(root, version)
    kept = {path.name for path in (root / "benchmarks" / "results").glob("*.json")}
    for name in sorted(kept | set(BENCHMARKS)):
        yield benchmark(root, name)
    if runs_targets:
        yield tools()
        logs = Path(tempfile.mkdtemp(prefix="catdog-release-"))
        for name, failure in TARGETS.items():
            yield target(root, name, failure, logs)


def project_version(root: Path, version: str) -> Finding:
    """pyproject.toml's is the version to release."""
    about = "version"
    found = tomllib.loads((root / "pyproject.toml").read_text())["project"]["version"]
    if not re.fullmatch(r"\d+\.\d+\.\d+", version):
        return Finding(about, False, f"{version!r} is none. Give three numbers, such as 1.2.3.")
    if found != version:
        return Finding(about, False, f"pyproject.toml says {found}. Set it to {version} there.")
    return Finding(about, True, f"pyproject.toml says {version}, too.")


def tag(root: Path, version: str) -> Finding:
    """The version's tag is not there yet."""
    if _git(root, "tag", "--list", f"v{version}"):
        commit = _git(root, "rev-list", "-n", "1", "--abbrev-commit", f"v{version}")
        return Finding("tag", False, f"v{version} is there: {commit}. Choose the next version.")
    return Finding("tag", True, f"v{version} is free.")


def tree(root: Path, _: str) -> Finding:
    """Everything is committed: what is tested is what is tagged."""
    changed = _git(root, "status", "--porcelain").splitlines()
    if changed:
        files = ", ".join(line[3:] for line in changed[:3]) + (", ..." if len(changed) > 3 else "")
        return Finding("git", False, f"{len(changed)} not committed: {files}.")
    return Finding("git", True, f"everything is committed, at {_git(root, 'rev-parse', 'HEAD')}.")


def changelog(root: Path, version: str) -> Finding:
    """CHANGELOG.md has a dated section of the version, and nothing that is unreleased."""
    about = "changelog"
    path = root / "CHANGELOG.md"
    text = path.read_text() if path.is_file() else ""
    sections = dict(re.findall(r"^## \[(.+?)\](.*?)(?=^## \[|\Z)", text, re.MULTILINE | re.DOTALL))
    unreleased = sections.get("Unreleased", "").strip()
    if version not in sections:
        what = "Rename its section Unreleased" if unreleased else "Write one, for users"
        return Finding(about, False, f"no section [{version}] in CHANGELOG.md. {what}.")
    if not re.match(r" - \d{4}-\d{2}-\d{2}\n", sections[version]):
        return Finding(
            about, False, f"section [{version}] has no date: ## [{version}] - YYYY-MM-DD."
        )
    if unreleased:
        return Finding(about, False, f"section [Unreleased] is not empty. Move it to [{version}].")
    return Finding(about, True, f"section [{version}] is there.")


def benchmark(root: Path, name: str) -> Finding:
    """Its results are kept, whole; and how much of what it measures has changed since."""
    about = f"benchmark {name}"
    path = root / "benchmarks" / "results" / name
    try:
        json.loads(path.read_text())
    except (OSError, ValueError):
        return Finding(about, False, f"no whole results in {path.relative_to(root)}. Run it.")
    commit, _, date = _git(root, "log", "-1", "--format=%h %cs", "--", str(path)).partition(" ")
    if not commit:
        return Finding(about, False, f"{path.relative_to(root)} is not committed.")
    since = _git(root, "rev-list", "--count", f"{commit}..HEAD", "--", "service", "requirements")
    age = f"of {date} ({commit}); {since} commits to service/ and requirements/ since"
    return Finding(about, True, f"{age}{'. Run it again if they matter.' if since != '0' else '.'}")


def tools() -> Finding:
    """What some tests need is there: they would be skipped without it, and `make test` end well."""
    lacking = [name for name in TOOLS if shutil.which(name) is None]
    if not os.environ.get("CATDOG_PHOTOS"):
        lacking.append("CATDOG_PHOTOS=folder of photographs")
    if lacking:
        return Finding("tools", False, f"tests would be skipped for want of {', '.join(lacking)}.")
    return Finding("tools", True, "all that tests are skipped without is there.")


def target(root: Path, name: str, failure: str, logs: Path) -> Finding:
    """`make NAME` ends well. Its output goes into a file, of which the last line is said."""
    log = logs / f"{name}.log"
    with log.open("wb") as out:
        done = subprocess.run(
            ["make", "--no-print-directory", name], cwd=root, stdout=out, stderr=subprocess.STDOUT
        )
    lines = log.read_text(errors="replace").splitlines()
    # Make's own say no more than that it failed.
    said = [line for line in lines if line.strip() and not re.match(r"make(\[\d+\])?: ", line)]
    last = said[-1] if said else "it printed nothing"
    if done.returncode:
        return Finding(f"make {name}", False, f"{failure}. {last} (all of it: {log})")
    return Finding(f"make {name}", True, last)


def _git(root: Path, *arguments: str) -> str:
    done = subprocess.run(["git", *arguments], cwd=root, capture_output=True, text=True, check=True)
    return done.stdout.rstrip()


if __name__ == "__main__":
    sys.exit(main())
