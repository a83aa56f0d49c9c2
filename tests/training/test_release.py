"""From a trained run to an answer: `release`, `evaluate` and the service's `predict`."""

import json
from collections.abc import Callable
from pathlib import Path

import pytest

from data.manifest import Manifest
from data.picture import TEST
from service import artifact
from service.artifact import Card
from tests.training.conftest import Finished, Home

Clone = Callable[[Finished], Finished]


@pytest.fixture(scope="module")
def card(released: Finished) -> Card:
    return artifact.verify(released.run.artifact)


def test_the_first_model_that_beats_guessing_is_promoted(released: Finished) -> None:
    state = released.run.state
    assert state["state"] == "released"
    assert state["decision"].startswith("Promoted: no model was in service before; 100.00% right.")
    assert f"In service from the next start: {state['tag']}" in released.stdout
    assert released.home.succeed("service", "model").strip() == state["tag"]


def test_the_card_says_what_the_model_was_made_from(released: Finished, card: Card) -> None:
    manifest = Manifest.load(released.run.manifest)
    assert card.dataset.digest == manifest.digest
    assert card.dataset.counts == manifest.counts
    assert card.dataset.name == released.run.state["source"]
    assert (card.recipe.backbone, card.recipe.weights) == ("resnet18", "file random.pth")
    assert card.recipe.config == released.run.config.read_text()
    assert card.recipe.seed == 1


def test_the_card_names_the_stage_with_the_lower_validation_loss(card: Card) -> None:
    one, two = (float(card.recipe.notes[f"stage {n} val/log_loss"]) for n in ("one", "two"))
    assert card.recipe.stage == ("stage two" if two < one else "stage one")


def test_evaluate_gives_the_cards_figures_on_what_the_model_has_not_seen(
    released: Finished, card: Card, pets: Path
) -> None:
    """Of the training run's own folder that is the test part, graph and all."""
    found = json.loads(released.home.succeed("training", "evaluate", str(pets), "--json"))
    manifest = Manifest.load(released.run.manifest)
    assert found["model"] == released.run.state["tag"]
    assert found["seen"] == sum(row.split != TEST for row in manifest.rows)
    assert card.metrics is not None
    assert found["metrics"] == json.loads(card.metrics.model_dump_json()) | {"part": "unseen"}
    assert found["metrics"]["accuracy"]["n"] == len(manifest.part(TEST))


def test_evaluate_prints_a_table_for_an_artifacts_folder(
    released: Finished, card: Card, pets: Path
) -> None:
    folder = str(released.run.artifact)
    table = released.home.succeed("training", "evaluate", str(pets), "--model", folder)
    assert card.metrics is not None
    assert table.startswith(f"{folder} on {pets}\n")
    assert f"n = {card.metrics.accuracy.n})" in table
    assert "true \\ answered       cat       dog   neither" in table


def test_predict_answers_without_a_server(released: Finished, pets: Path) -> None:
    images = [str(pets / "cat/0.png"), str(pets / "dog/1.png")]
    answers = json.loads(released.home.succeed("service", "predict", "--json", *images))
    assert [p["label"] for p in answers["predictions"]] == ["cat", "dog"]
    assert answers["model"] == released.run.state["tag"]


def test_a_released_run_is_not_released_again(released: Finished, clone_of: Clone) -> None:
    home = clone_of(released).home
    tags = sorted((home.folder / "bentoml/models/catdog").iterdir())
    assert "was released before: Promoted" in home.succeed("training", "release")
    assert sorted((home.folder / "bentoml/models/catdog").iterdir()) == tags


def test_without_a_run_release_says_what_to_do(home: Home) -> None:
    done = home.run("training", "release")
    assert done.returncode == 1
    assert "Error: No finished run in" in done.stderr
    assert "make train" in done.stderr


def test_without_a_model_evaluate_says_what_to_do(home: Home, pets: Path) -> None:
    done = home.run("training", "evaluate", str(pets))
    assert done.returncode == 1
    assert "Error: No model 'catdog:latest' has been promoted. Run `make train`" in done.stderr
