"""The README promises only what is there."""

import json
import os
import re
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from service.answer import Answer

ROOT = Path(__file__).parent.parent
README = (ROOT / "README.md").read_text()
UNLISTED = {"model", "cpu-variant"}  # parts of others
TARGETS = sorted(set(re.findall(r"(?:^|`|; )make ([a-z-]+)", README, flags=re.MULTILINE)))


@pytest.mark.parametrize("target", TARGETS)
def test_every_target_that_the_readme_names_exists(target: str) -> None:
    done = subprocess.run(["make", "--dry-run", target], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_every_command_of_the_makefile_is_listed_by_make_alone() -> None:
    listed = subprocess.run(["make"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    (phony,) = re.findall(r"^\.PHONY: (.+)$", (ROOT / "Makefile").read_text(), flags=re.MULTILINE)
    for target in {*TARGETS, *phony.split()} - UNLISTED:
        assert f"make {target} " in listed


HARMLESS = '/pets/$HOME/`id`/it\'s "so"; $$(id)'


@pytest.fixture
def made(tmp_path: Path) -> Callable[..., list[str]]:
    """Runs make with what prints its words in the place of Python; returns its lines."""
    python = tmp_path / "python"
    python.write_text(
        '#!/bin/sh\n[ "$*" = "-m service model" ] && exit 3\n'
        'for word in "$@"; do echo "word: $word"; done\n'
    )
    python.chmod(0o755)
    own = [f"PY={python}", f"VENV={tmp_path}", *(f"{set_}_SET=" for set_ in ("TRAIN", "DEV"))]

    def make(*words: str) -> list[str]:
        # As nobody's sub-make: that would say which folder it enters and leaves.
        bare = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
        done = subprocess.run(
            ["make", *words, *own], cwd=ROOT, env=bare, capture_output=True, text=True, check=False
        )
        return [line.removeprefix("word: ") for line in done.stdout.splitlines()]

    return make


@pytest.mark.parametrize("target", ["train", "evaluate", "audit", "bench", "shards"])
def test_a_folder_comes_through_make_as_it_is_called(
    target: str, made: Callable[..., list[str]]
) -> None:
    assert HARMLESS in made(target, f"DATA={HARMLESS}")


@pytest.mark.parametrize(
    ("words", "come_to"),
    [
        (("train", "EXCLUDE=a b.csv"), ["--data.exclude", "a b.csv"]),
        (("train", "RELABEL=c.csv"), ["--data.relabel", "c.csv"]),
        (("train", "RESUME=false"), ["--resume", "false"]),
        (("train", "DEVICES=2", "NODES=3"), ["--trainer.num_nodes", "3"]),
        (("audit", "EXCLUDE=a.csv"), ["--exclude", "a.csv"]),
        (("evaluate", "MODEL=catdog:old"), ["--model", "catdog:old"]),
        (("evaluate", "JSON=1"), ["evaluate", "starter", "--model", "catdog:latest", "--json"]),
        (("rollback", "TAG=catdog:old"), ["rollback", "catdog:old"]),
        (("models", "JSON=1"), ["models", "--json"]),
    ],
)
def test_what_make_is_given_reaches_the_command(
    words: tuple[str, ...], come_to: list[str], made: Callable[..., list[str]]
) -> None:
    lines = made(*words)
    at = lines.index(come_to[0])
    assert lines[at : at + len(come_to)] == come_to


@pytest.mark.parametrize("target", ["evaluate", "shards"])
@pytest.mark.parametrize("decisions", ["EXCLUDE", "RELABEL"])
def test_decisions_are_refused_where_they_would_be_passed_over(target: str, decisions: str) -> None:
    words = ("DATA=pets", "OUT=out", f"{decisions}=audit.csv", "TRAIN_SET=", "PY=echo it runs:")
    done = subprocess.run(["make", target, *words], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 2
    assert "Error: EXCLUDE= and RELABEL= are for make train and make audit." in done.stderr
    assert "it runs" not in done.stdout


def test_where_no_model_is_promoted_serving_trains_one_first(
    made: Callable[..., list[str]],
) -> None:
    lines = made("model")
    assert lines[lines.index("--data.source") + 1] == "starter"
    assert lines[-2:] == ["training", "release"]


def test_the_answer_that_the_readme_shows_is_one_that_the_service_gives() -> None:
    (shown,) = re.findall(r"```json\n(.*?)```", README, flags=re.DOTALL)
    answer = Answer.model_validate(json.loads(shown))
    assert set(answer.model_dump()) == set(json.loads(shown))


def test_the_readme_opens_with_its_two_commands() -> None:
    opening = README[: README.index("```\n")]
    assert [line.split("  ")[0] for line in opening.splitlines() if line.startswith("make")] == [
        "make serve",
        "make test",
    ]
