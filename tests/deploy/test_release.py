"""`make release`, in a repository of its own whose targets say what they are told to."""

import subprocess
import sys
from pathlib import Path

import pytest

from deploy import release
from tests.live_server import REPOSITORY

CHANGELOG = """# Changes

## [Unreleased]

## [1.2.3] - 2026-11-24

### Added

- A thing.

## [1.2.2] - 2026-11-01
"""


class Repository:
    """A project in which nothing is missing for 1.2.3, until a test takes something away."""

    def __init__(self, root: Path) -> None:
        self.root = root / "project"
        self.tools = root / "tools"
        self.tools.mkdir()
        for name in release.TOOLS:
            (self.tools / name).symlink_to("/bin/true")
        self.write("pyproject.toml", '[project]\nversion = "1.2.3"\n')
        self.write("CHANGELOG.md", CHANGELOG)
        for name in release.BENCHMARKS:
            self.write(f"benchmarks/results/{name}", "{}")
        self.write("service/a.py", "")
        self.make()
        self.git("init", "--quiet")
        self.git("config", "user.email", "a@example.com")
        self.git("config", "user.name", "A")
        self.commit()

    def write(self, name: str, text: str) -> None:
        path = self.root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)

    def make(self, failing: str = "") -> None:
        """A Makefile in which every target but one ends well."""
        lines = [
            f"{name}:\n\t@echo {name} said so; {'exit 1' if name == failing else 'true'}\n"
            for name in release.TARGETS
        ]
        self.write("Makefile", ".PHONY: " + " ".join(release.TARGETS) + "\n" + "\n".join(lines))

    def git(self, *arguments: str) -> str:
        done = subprocess.run(
            ["git", *arguments], cwd=self.root, check=True, capture_output=True, text=True
        )
        return done.stdout.strip()

    def commit(self) -> None:
        self.git("add", "--all")
        self.git("commit", "--quiet", "--message", "A change")

    def check(self, *arguments: str) -> tuple[int, str]:
        """Exit status and output of the command."""
        done = subprocess.run(
            [sys.executable, "-m", "deploy.release", *arguments],
            cwd=self.root,
            # MAKELEVEL: it is called by make, which then tells of each folder that it enters
            env={
                "PATH": f"{self.tools}:/usr/bin:/bin",
                "PYTHONPATH": str(REPOSITORY),
                "MAKELEVEL": "1",
                "CATDOG_PHOTOS": "photographs",
            },
            capture_output=True,
            text=True,
        )
        assert done.stderr == ""
        return done.returncode, done.stdout


@pytest.fixture
def repository(tmp_path: Path) -> Repository:
    return Repository(tmp_path)


@pytest.mark.parametrize("version", ["1.2.3", "v1.2.3"])
def test_nothing_missing_is_said_with_what_to_do_next(repository: Repository, version: str) -> None:
    status, said = repository.check(version)
    assert status == 0
    assert "MISSING" not in said
    assert "git tag -a v1.2.3 -m 1.2.3" in said
    assert f"catdog:MODEL-{repository.git('rev-parse', '--short', 'HEAD')}:" in said
    for name in release.TARGETS:
        assert f"make {name}: {name} said so" in said


@pytest.mark.parametrize("name", release.TARGETS)
def test_target_that_fails_is_missing_and_the_others_still_run(
    repository: Repository, name: str
) -> None:
    repository.make(failing=name)
    repository.commit()
    status, said = repository.check("1.2.3")
    assert status == 1
    assert said.count("MISSING") == 1
    assert f"MISSING  make {name}: {release.TARGETS[name]}. {name} said so (all of it: " in said
    assert "1.2.3 cannot be released: 1 missing." in said


def test_tools_that_tests_are_skipped_without_are_missing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in release.TOOLS[1:]:
        (tmp_path / name).symlink_to("/bin/true")
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("CATDOG_PHOTOS", "photographs")
    assert not release.tools().is_fine
    assert f"for want of {release.TOOLS[0]}." in str(release.tools())
    (tmp_path / release.TOOLS[0]).symlink_to("/bin/true")
    assert release.tools().is_fine
    monkeypatch.delenv("CATDOG_PHOTOS")
    assert not release.tools().is_fine


def missing(repository: Repository, *arguments: str) -> str:
    """The one line that says what is missing."""
    status, said = repository.check("--only-look", *(arguments or ("1.2.3",)))
    assert status == 1
    (line,) = [line for line in said.splitlines() if line.startswith("MISSING")]
    return line


def test_uncommitted_file_is_named(repository: Repository) -> None:
    repository.write("service/b.py", "")
    assert "1 not committed: service/b.py." in missing(repository)


def test_changed_file_is_named(repository: Repository) -> None:
    repository.write("service/a.py", "x = 1")
    assert "1 not committed: service/a.py." in missing(repository)


def test_version_of_the_project_must_be_that_of_the_release(repository: Repository) -> None:
    repository.write("pyproject.toml", '[project]\nversion = "1.2.2"\n')
    repository.commit()
    assert "pyproject.toml says 1.2.2. Set it to 1.2.3 there." in missing(repository)


def test_tag_that_is_taken_is_missing(repository: Repository) -> None:
    repository.git("tag", "v1.2.3")
    assert "v1.2.3 is there" in missing(repository)


@pytest.mark.parametrize(
    ("before", "after", "says"),
    [
        ("## [1.2.3] - 2026-11-24", "", r"no section [1.2.3] in CHANGELOG.md. Rename its section"),
        ("## [1.2.3] - 2026-11-24", "## [1.2.3]", "section [1.2.3] has no date"),
        ("## [Unreleased]\n", "## [Unreleased]\n\n- More.\n", "section [Unreleased] is not empty"),
    ],
)
def test_changelog_must_have_the_version_and_its_date(
    repository: Repository, before: str, after: str, says: str
) -> None:
    repository.write("CHANGELOG.md", CHANGELOG.replace(before, after))
    repository.commit()
    assert says in missing(repository)


def test_project_without_a_changelog_is_told_to_write_one(repository: Repository) -> None:
    (repository.root / "CHANGELOG.md").unlink()
    repository.commit()
    assert "no section [1.2.3] in CHANGELOG.md. Write one, for users." in missing(repository)


@pytest.mark.parametrize("text", [None, '{"half": '])
def test_benchmark_must_have_whole_results(repository: Repository, text: str | None) -> None:
    path = repository.root / "benchmarks" / "results" / "serving.json"
    path.unlink() if text is None else path.write_text(text)
    repository.commit()
    assert "no whole results in benchmarks/results/serving.json. Run it." in missing(repository)


def test_age_of_a_benchmark_is_said_in_commits_to_what_it_measures(repository: Repository) -> None:
    for text in ("x = 1", "x = 2"):
        repository.write("service/a.py", text)
        repository.commit()
    repository.write("docs/a.md", "Nothing that is measured.")
    repository.commit()
    status, said = repository.check("--only-look", "1.2.3")
    assert status == 0
    assert "2 commits to service/ and requirements/ since. Run it again if they matter." in said


def test_no_version_is_said_to_be_none() -> None:
    """Of this project, in which `make release` alone was typed."""
    done = subprocess.run(
        [sys.executable, "-m", "deploy.release", "--only-look", ""],
        cwd=REPOSITORY,
        capture_output=True,
        text=True,
    )
    assert done.returncode == 1
    assert "'' is none. Give three numbers, such as 1.2.3." in done.stdout


def test_results_that_must_be_there_are_those_that_are_kept() -> None:
    kept = {path.name for path in (REPOSITORY / "benchmarks" / "results").glob("*.json")}
    assert set(release.BENCHMARKS) <= kept
