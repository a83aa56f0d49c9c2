"""From a trained run to an answer: `release`, `evaluate` and the service's `predict`."""

import io
import json
import os
import shutil
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml

from data.manifest import Manifest
from data.picture import TEST
from service import artifact
from service.artifact import Card
from tests.html_page import Page
from tests.model_store import flip_a_bit
from tests.training.conftest import Finished
from training import export
from training.__main__ import main

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
    assert card.dataset.name == Path(released.run.state["source"]).name
    assert (card.recipe.backbone, card.recipe.weights) == ("resnet18", "file random.pth")
    assert card.recipe.seed == 1


def test_the_card_shows_no_folder_of_the_machine(released: Finished, card: Card) -> None:
    """Whoever asks the server for it may read it."""
    whole = yaml.safe_load(released.run.config.read_text())
    shown = yaml.safe_load(card.recipe.config)
    assert Path(whole["data"]["source"]).is_absolute()
    assert shown["data"] == whole["data"] | {
        key: Path(whole["data"][key]).name for key in ("source", "manifest")
    }
    for folder in (released.run.folder, whole["data"]["source"]):
        assert str(Path(folder).parent) not in card.model_dump_json()


def test_what_is_exported_has_the_lowest_validation_loss_of_all_candidates(card: Card) -> None:
    losses = card.recipe.log_losses
    assert len(losses) == 3
    assert losses[card.recipe.stage] == min(losses.values())


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


def test_evaluate_prints_a_table_for_an_artifacts_folder_and_writes_a_report(
    released: Finished,
    card: Card,
    pets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CATDOG_RUNS", str(tmp_path))
    folder = str(released.run.artifact)
    assert main(["evaluate", str(pets), "--model", folder]) == 0
    table = capsys.readouterr().out
    assert card.metrics is not None
    assert table.startswith(f"{folder} on {pets}\n")
    assert f"n = {card.metrics.accuracy.n})" in table
    assert "true \\ answered       cat       dog   neither" in table
    (report,) = tmp_path.glob("evaluate-*/report.html")
    assert table.endswith(f"\nReport: {report}\n")
    figures = json.loads(report.with_suffix(".json").read_text())
    assert figures["metrics"] == card.metrics.model_dump(mode="json") | {"part": "unseen"}
    page = Page(report.read_text())
    targets = [value for tag, value in page.all("href") if tag == "a" and value[0] == "#"]
    assert targets == ["#mistakes", "#answers", "#confidence", "#novelty", "#slices"]
    shown = figures["mistakes"]["shown"] + figures["mistakes"]["doubtful"]
    assert all(picture["name"] in page.text for picture in shown)
    images = [a["src"] for tag, a in page.elements if tag == "img"]
    assert len(images) == 2 * len(shown) > 0
    assert all(image.startswith("data:image/jpeg;") for image in images)


def test_figures_are_there_though_the_report_cannot_be_written(
    released: Finished,
    pets: Path,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    (tmp_path / "no-folder").touch()
    monkeypatch.setenv("CATDOG_RUNS", str(tmp_path / "no-folder"))
    assert main(["evaluate", str(pets), "--model", str(released.run.artifact)]) == 1
    printed = capsys.readouterr()
    assert "accuracy" in printed.out
    assert "The report cannot be written to" in printed.err


def test_a_damaged_model_is_not_judged(
    released: Finished, pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = tmp_path / "artifact"
    shutil.copytree(released.run.artifact, folder)
    flip_a_bit(folder / artifact.OPENVINO_WEIGHTS)
    assert main(["evaluate", str(pets), "--model", str(folder)]) == 1
    assert "model.bin is damaged or was changed" in capsys.readouterr().err


def test_evaluate_takes_a_folder_whose_name_is_no_text(
    released: Finished, pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("CATDOG_RUNS", str(tmp_path / "runs"))
    source = tmp_path / os.fsdecode(b"pets\xff")
    source.symlink_to(pets)
    assert main(["evaluate", str(source), "--model", str(released.run.artifact)]) == 0
    (report,) = tmp_path.glob("runs/evaluate-pets-*/report.html")
    assert r"pets\xff" in report.read_text()


def test_a_name_that_is_no_text_is_said_where_only_utf_8_may_be(
    released: Finished, pets: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    source = tmp_path / os.fsdecode(b"pets\xff")
    source.symlink_to(pets)
    stdout = io.TextIOWrapper(io.BytesIO(), "utf-8", errors="strict")
    monkeypatch.setattr(sys, "stdout", stdout)
    assert main(["evaluate", str(source), "--model", str(released.run.artifact)]) == 0
    stdout.flush()
    assert rb"pets\udcff" in stdout.buffer.getvalue()


def test_a_release_of_pictures_whose_folder_is_no_text_succeeds(
    fitted: Finished, clone_of: Clone
) -> None:
    (run,) = clone_of(fitted).home.runs
    run.record(source=os.fsdecode(b"/pictures/lat\xe9"))
    assert export.export(run).dataset.name == r"lat\xe9"


@pytest.mark.usefixtures("model_store")
def test_a_path_that_leads_to_no_model_is_not_taken_for_a_tag(
    pets: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for model, what in ((tmp_path, "holds no card.json"), (tmp_path / "gone", "is not there")):
        assert main(["evaluate", str(pets), "--model", str(model)]) == 1
        said = f"Error: {model} is no exported model: it {what}. Name the folder of one"
        assert capsys.readouterr().err.startswith(said)


def test_evaluate_refuses_pictures_that_the_model_was_all_trained_on(
    released: Finished, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    for row in Manifest.load(released.run.manifest).rows:
        if row.split != TEST:
            target = tmp_path / "seen" / row.label / row.path.name
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_bytes(row.path.read_bytes())
    folder = str(released.run.artifact)
    assert main(["evaluate", str(tmp_path / "seen"), "--model", folder]) == 1
    assert "a figure on those would mean nothing" in capsys.readouterr().err


def test_predict_answers_without_a_server(released: Finished, pets: Path) -> None:
    images = [str(pets / "cat/0.png"), str(pets / "dog/1.png")]
    answers = json.loads(released.home.succeed("service", "predict", "--json", *images))
    assert [p["label"] for p in answers["predictions"]] == ["cat", "dog"]
    assert answers["model"] == released.run.state["tag"]


def test_a_released_run_is_not_released_again(
    released: Finished,
    model_store: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setenv("CATDOG_RUNS", str(released.run.folder.parent))
    assert main(["release"]) == 0
    assert "was released before: Promoted" in capsys.readouterr().out
    assert not list(model_store.iterdir())


def test_without_a_run_release_says_what_to_do(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["release"]) == 1
    error = capsys.readouterr().err
    assert error.startswith("Error: No finished run in")
    assert "make train" in error


def test_a_run_that_is_not_there_is_answered_with_those_that_are(
    released: Finished, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("CATDOG_RUNS", str(released.run.folder.parent))
    assert main(["release", "yesterday"]) == 1
    error = capsys.readouterr().err
    assert error == f"Error: No run 'yesterday'. Runs here: {released.run.folder.name}.\n"


@pytest.mark.usefixtures("model_store")
def test_without_a_model_evaluate_says_what_to_do(
    pets: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["evaluate", str(pets)]) == 1
    error = capsys.readouterr().err
    assert error.startswith("Error: No model 'catdog:latest' has been promoted. Run `make train`")
