"""The README promises only what is there."""

import json
import re
import subprocess
from pathlib import Path

import pytest

from service.answer import Answer

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
TARGETS = sorted(set(re.findall(r"(?:^|`|; )make ([a-z-]+)", README, flags=re.MULTILINE)))


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_that_the_readme_names_exists(target: str) -> None:
    done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_command_of_the_makefile_is_listed_by_make_alone() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in TARGETS:
        assert f"make {target} " in listed


HARMLESS = '/pets/$HOME/`id`/it\'s "so"; $$(id)'


@pytest.mark.parametrize("target", ["train", "evaluate", "audit", "bench", "shards"])
def test_a_folder_comes_through_make_as_it_is_called(target: str, tmp_path: Path) -> None:
    """Run, with what prints its words in the place of Python."""
    show = tmp_path / "show"
    show.write_text('#!/bin/sh\nfor word in "$@"; do echo "word: $word"; done\n')
    show.chmod(0o755)
    command = ["make", target, f"DATA={HARMLESS}", f"PY={show}", f"VENV={tmp_path}"]
    done = subprocess.run(
        [*command, *(f"{name}_SET=" for name in ("TRAIN", "DEV"))],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert f"word: {HARMLESS}" in done.stdout.splitlines(), done.stderr


def test_the_answer_that_the_readme_shows_is_one_that_the_service_gives() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", README, flags=re.DOTALL)
    answer = Answer.model_validate(json.loads(shown))
    assert set(answer.model_dump()) == set(json.loads(shown))


@pytest.mark.parametrize("link", re.findall(r"\]\(([^)#:]+)\)", README))
def test_every_file_that_the_readme_links_to_is_there(link: str) -> None:
    assert (ROOT / link).exists()


def test_the_readme_opens_with_its_two_commands() -> None:
    opening = README[: README.index("```\n")]
    assert [line.split("  ")[0] for line in opening.splitlines() if line.startswith("make")] == [
        "make serve",
        "make test",
    ]
