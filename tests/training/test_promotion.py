"""The gate, on the known network (red is a cat, blue a dog) and on one that calls them wrong."""

import re
from collections.abc import Callable
from math import comb
from pathlib import Path

import numpy as np
import pytest
import torch

from data.manifest import Manifest
from data.picture import TEST, TRAIN, Row
from service import artifact, store
from service.artifact import Card
from service.engine import Engine
from tests import known_network, pictures
from tests.training.conftest import Finished
from training import export, promotion
from training.run import RELEASED, Run

COLOURS = {"cat": pictures.RED, "dog": pictures.BLUE, "neither": pictures.GREEN}

MakeRun = Callable[..., Run]


def row(folder: Path, label: str, i: int, rgb: tuple[int, int, int], split: str = TEST) -> Row:
    """A picture of one colour; `i` tells its file from others of that colour."""
    path = folder / f"{label}-{i}.png"
    path.write_bytes(pictures.plain(rgb, size=(40 + i, 40)))
    return Row(path, label, split, artifact.sha256_of(path), "", 40 + i, 40)


@pytest.fixture
def rows(tmp_path: Path) -> tuple[Row, ...]:
    """Six test pictures that the known network gets right, and one that it has seen."""
    pets = [row(tmp_path, label, i, COLOURS[label]) for label in ("cat", "dog") for i in range(3)]
    return (*pets, row(tmp_path, "cat", 9, pictures.RED, TRAIN))


@pytest.fixture
def make_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRun:
    """A run with the known network for an artifact, right or all wrong, judged on its rows."""

    def make(name: str, rows: tuple[Row, ...], *, is_right: bool = True, seen=None) -> Run:
        run = Run(tmp_path / "runs" / name)
        with monkeypatch.context() as patched:
            if not is_right:
                patched.setattr(known_network, "_TO_LOGITS", -known_network._TO_LOGITS)
            card = known_network.write_artifact(run.artifact)
        manifest = Manifest(rows)
        manifest.save(run.manifest)
        listed = [r.sha256 for r in rows if r.split != TEST] if seen is None else seen
        (run.artifact / export.TRAINED_ON).write_text("\n".join(listed))
        figures = export.judge_test_part(Engine(run.artifact), manifest, card.calibration)
        artifact.write_card(run.artifact, card.model_copy(update={"metrics": figures}))
        run.record(state="trained", source="colours")
        return run

    return make


def contents(folder: Path) -> dict[str, bytes]:
    return {str(p.relative_to(folder)): p.read_bytes() for p in folder.rglob("*") if p.is_file()}


def outcomes(right: int, wrong: int) -> np.ndarray:
    return np.array([True] * right + [False] * wrong)


def test_a_better_model_is_promoted() -> None:
    decision = promotion.compare(outcomes(9, 1), outcomes(6, 4), "catdog:old")
    assert decision.is_promoted
    assert decision.reason.startswith(
        "Promoted, being no worse: 90.00% right against 60.00% of catdog:old on the same 10 test "
        "pictures; of the 3 where they differ, 3 for the new one and 0 for the old"
    )


def test_an_equal_model_is_promoted_even_if_it_errs_elsewhere() -> None:
    ours, theirs = outcomes(8, 2), outcomes(8, 2)[::-1]
    assert promotion.compare(ours, theirs, "catdog:old").is_promoted
    assert promotion.compare(ours, ours, "catdog:old").is_promoted


def test_a_worse_model_is_refused_by_a_single_picture() -> None:
    decision = promotion.compare(outcomes(7, 3), outcomes(8, 2), "catdog:old")
    assert not decision.is_promoted
    assert decision.reason.endswith("catdog:old stays in service.")


@pytest.mark.parametrize(("won", "lost"), [(0, 0), (3, 3), (9, 2), (1, 8)])
def test_the_p_value_is_mcnemars_exact_one(won: int, lost: int) -> None:
    """Counted out: both tails of fair coins, as far from the middle as these."""
    ours, theirs = outcomes(5 + won, lost), np.array([True] * 5 + [False] * won + [True] * lost)
    n, far = won + lost, abs(won - lost)
    tail = sum(comb(n, k) for k in range(n + 1) if abs(2 * k - n) >= far) / 2**n
    found = re.search(r"p = ([\d.e-]+)\)", promotion.compare(ours, theirs, "catdog:old").reason)
    assert found
    assert float(found[1]) == pytest.approx(tail, rel=0.06)  # two digits are shown


def test_a_first_model_that_only_guesses_is_refused(
    make_run: MakeRun, rows: tuple[Row, ...], model_store: Path
) -> None:
    run = make_run("wrong", rows, is_right=False)
    decision, tag = promotion.promote(run)
    assert tag is None
    assert decision.reason.startswith("Refused: accuracy 0.00% on 6 test pictures")
    assert contents(model_store) == {}
    with pytest.raises(store.StoreError, match="No model 'catdog:latest' has been promoted"):
        store.path_of()


def test_a_first_model_that_cannot_be_told_from_guessing_is_refused() -> None:
    """All of three right is luck once in eight."""
    assert not promotion.first_decision(card_with(3, 3)).is_promoted
    assert promotion.first_decision(card_with(6, 6)).is_promoted


def card_with(right: int, n: int) -> Card:
    from tests.service.test_app import CARD
    from training.judging import interval

    none = interval(0, n)
    figures = artifact.Metrics(
        part=TEST,
        accuracy=interval(right, n),
        log_loss=1.0,
        calibration_error=0.0,
        confusion={},
        turned_away=none,
    )
    return CARD.model_copy(update={"metrics": figures})


@pytest.mark.usefixtures("model_store")
def test_an_equal_challenger_replaces_the_champion(
    make_run: MakeRun, rows: tuple[Row, ...]
) -> None:
    _, first = promotion.promote(make_run("first", rows))
    run = make_run("second", rows)
    decision, second = promotion.promote(run)
    assert decision.reason.startswith("Promoted, being no worse: 100.00% right against 100.00%")
    assert first != second == store.path_of()[1]
    assert run.state["state"] == RELEASED
    assert run.state["tag"] == second


def test_a_refused_challenger_leaves_the_store_as_it_was(
    make_run: MakeRun, rows: tuple[Row, ...], model_store: Path
) -> None:
    _, champion = promotion.promote(make_run("right", rows))
    before = contents(model_store)
    run = make_run("wrong", rows, is_right=False)
    decision, tag = promotion.promote(run)
    assert decision.reason.startswith("Refused, being worse: 0.00% right against 100.00%")
    assert tag is None
    assert contents(model_store) == before
    assert store.path_of()[1] == champion
    assert (run.state["state"], run.state["tag"]) == (RELEASED, "none")


@pytest.mark.usefixtures("model_store")
def test_pictures_that_the_champion_was_trained_on_do_not_count(
    make_run: MakeRun, tmp_path: Path
) -> None:
    """Where the champion is right, it has seen the pictures; on the others it is not."""
    seen = tuple(row(tmp_path, "cat", i, pictures.RED) for i in range(3))
    new = tuple(row(tmp_path, "dog", i, pictures.RED) for i in (5, 6))  # dogs that look cats
    everything = (*seen, *(row(tmp_path, "dog", i, pictures.BLUE) for i in range(10, 13)))
    promotion.promote(make_run("champion", everything, seen=[r.sha256 for r in seen]))
    decision, _ = promotion.promote(make_run("challenger", seen + new, is_right=False))
    assert "100.00% right against 0.00%" in decision.reason
    assert "on the same 2 test pictures" in decision.reason


@pytest.mark.usefixtures("model_store")
def test_without_a_picture_that_is_new_to_the_champion_nothing_is_promoted(
    make_run: MakeRun, rows: tuple[Row, ...]
) -> None:
    promotion.promote(make_run("champion", rows, seen=[r.sha256 for r in rows]))
    _, champion = store.path_of()
    run = make_run("challenger", rows)
    decision, tag = promotion.promote(run)
    assert f"{champion} was trained on every test picture" in decision.reason
    assert (decision.is_promoted, tag) == (False, None)
    assert store.path_of()[1] == champion


@pytest.mark.usefixtures("model_store")
def test_a_damaged_artifact_does_not_get_into_the_store(
    make_run: MakeRun, rows: tuple[Row, ...]
) -> None:
    run = make_run("damaged", rows)
    with (run.artifact / artifact.ONNX).open("ab") as file:
        file.write(b"more")
    with pytest.raises(artifact.ArtifactError, match=r"model\.onnx is damaged or was changed"):
        promotion.promote(run)
    with pytest.raises(store.StoreError, match="has been promoted"):
        store.path_of()


def test_neither_answered_for_a_pet_counts_against_a_model(
    make_run: MakeRun, tmp_path: Path
) -> None:
    """A greenish cat that the known network turns away, though its logits say cat."""
    rows = (row(tmp_path, "cat", 0, (120, 240, 10)), row(tmp_path, "cat", 1, pictures.RED))
    run = make_run("known", rows)
    card = artifact.read_card(run.artifact)
    judged = promotion.score(Engine.for_card(run.artifact, card), rows, "Test")
    assert judged.scores.logits.argmax(1).tolist() == [0, 0]
    assert promotion.is_right(judged, card).tolist() == [False, True]


def test_a_trained_network_with_its_head_turned_around_is_refused(
    released: Finished, clone_of: Callable[[Finished], Finished], model_store: Path
) -> None:
    (run,) = clone_of(released).home.runs
    champion = store.add(run.artifact)
    for path in run.checkpoints.glob("*.ckpt"):
        saved = torch.load(path, weights_only=True)
        saved["state_dict"]["network.head.weight"].neg_()
        path.unlink()  # it is linked to the original
        torch.save(saved, path)
    run.record(state="trained")
    export.export(run)
    before = contents(model_store)
    decision, tag = promotion.promote(run)
    assert decision.reason.startswith("Refused, being worse: 0.00% right against 100.00%")
    assert tag is None
    assert contents(model_store) == before
    assert store.path_of()[1] == champion
