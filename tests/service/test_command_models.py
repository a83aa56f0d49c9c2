"""python -m service models and rollback: each command a process of its own."""

import json
from pathlib import Path

import pytest

from tests.live_server import add_to_store
from tests.service.command import run


def serving(home: Path) -> str:
    """What a server would start with."""
    return run(home, "service", "model").stdout.strip()


@pytest.fixture
def tags(artifact_folder: Path, tmp_path: Path) -> list[str]:
    """Two models, promoted one after the other into `tmp_path`."""
    return [add_to_store(artifact_folder, tmp_path) for _ in range(2)]


def test_a_rollback_holds_for_every_process_after_it(tags: list[str], tmp_path: Path) -> None:
    first, second = tags
    done = run(tmp_path, "service", "rollback")
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout == (
        f"In service from the next start: {first}, in place of {second}. A server that is running "
        "goes on with the model that it loaded: restart it. Nothing was deleted. To come back: "
        f"make rollback TAG={second}\n"
    )
    assert serving(tmp_path) == first
    again = run(tmp_path, "service", "rollback")
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr == (
        "Error: There is nothing to roll back to: no model was promoted before "
        f"{first}, which is in service and stays. `make models` lists all there are.\n"
    )
    assert run(tmp_path, "service", "rollback", second).returncode == 0
    assert serving(tmp_path) == second


def test_bentoml_lists_the_same_models_after_a_rollback(tags: list[str], tmp_path: Path) -> None:
    run(tmp_path, "service", "rollback")
    listed = json.loads(run(tmp_path, "bentoml", "models", "list", "-o", "json").stdout)
    assert {model["tag"] for model in listed} == set(tags)


def test_models_are_listed_for_people_and_for_machines(tags: list[str], tmp_path: Path) -> None:
    done = run(tmp_path, "service", "models")
    assert (done.returncode, done.stderr) == (0, "")
    head, newest, oldest, *_, remark, _ = done.stdout.splitlines()
    assert head.split()[0] == "model"
    assert newest.split()[:2] == ["*", tags[1]]
    assert newest.endswith("in service")
    assert oldest.split()[0] == tags[0]
    assert remark.startswith("* is in service.")
    listed = json.loads(run(tmp_path, "service", "models", "--json").stdout)
    assert [(model["tag"], model["is_in_service"]) for model in listed] == [
        (tags[1], True),
        (tags[0], False),
    ]


def test_without_a_model_there_is_nothing_to_list_or_roll_back(tmp_path: Path) -> None:
    done = run(tmp_path, "service", "models")
    assert done.returncode == 0
    assert done.stdout == "No model has been promoted. Run `make train` to make and promote one.\n"
    assert json.loads(run(tmp_path, "service", "models", "--json").stdout) == []
    done = run(tmp_path, "service", "rollback")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith(
        "Error: No model 'catdog:latest' has been promoted. Run `make train`"
    )


def test_a_damaged_model_in_service_is_not_none_promoted(tags: list[str], tmp_path: Path) -> None:
    """Status 3 would have `make serve` train a model and put it in its place."""
    folder = tmp_path / "models" / "catdog" / tags[1].partition(":")[2]
    (folder / "model.yaml").unlink()
    done = run(tmp_path, "service", "model")
    assert (done.returncode, done.stdout) == (1, "")
    assert "Model 'catdog:latest' cannot be had from the store" in done.stderr
    assert run(tmp_path, "service", "rollback").returncode == 0
    assert serving(tmp_path) == tags[0]
