"""The gate, on the known network (red is a cat, blue a dog) and on one that calls them wrong."""

import re
from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from data.picture import TRAIN, Row
from service import artifact, rollback, store
from service.openvino_engine import OpenVinoEngine
from tests import pictures
from tests.folder import contents
from tests.training import colours
from tests.training.colours import pets, row, turned
from tests.training.conftest import Finished
from training import comparison, export, promotion, timing
from training.errors import TrainingError
from training.run import RELEASED, Run

MakeRun = Callable[..., Run]


@pytest.fixture
def rows(tmp_path: Path) -> tuple[Row, ...]:
    """24 test pictures that the known network gets right, 3 of neither, one that it has seen."""
    others = [row(tmp_path, "neither", i, pictures.GREEN) for i in range(3)]
    return (*pets(tmp_path), *others, row(tmp_path, "cat", 20, pictures.RED, TRAIN))


@pytest.fixture
def make_run(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> MakeRun:
    """See `colours.make_run`; the name is of the run's folder."""
    monkeypatch.setattr(timing, "LEAST_S", 0.01)  # their speed is of no account in most tests
    return lambda name, rows, **how: colours.make_run(tmp_path / "runs" / name, rows, **how)


def test_a_first_model_that_only_guesses_is_refused(
    make_run: MakeRun, rows: tuple[Row, ...], model_store: Path
) -> None:
    run = make_run("wrong", rows, is_right=False)
    decision, tag = promotion.promote(run)
    assert tag is None
    assert decision.reason.startswith("Refused: accuracy 0.00% on 24 test pictures")
    assert contents(model_store) == {}
    with pytest.raises(store.StoreError, match="No model 'catdog:latest' has been promoted"):
        store.path_of()


@pytest.mark.usefixtures("model_store")
def test_an_equal_challenger_is_refused(make_run: MakeRun, rows: tuple[Row, ...]) -> None:
    _, champion = promotion.promote(make_run("first", rows))
    run = make_run("second", rows)
    decision, tag = promotion.promote(run)
    assert re.match(
        # A graph of a few operations may seem faster than itself.
        "Refused, being (no better, neither faster nor smaller|faster but perhaps worse): 100.00% "
        f"right against 100.00% of {champion} on the same 24 test pictures, 0 that only the new "
        "one has right against 0",
        decision.reason,
    )
    assert (tag, store.path_of()[1]) == (None, champion)


@pytest.mark.usefixtures("model_store")
def test_a_better_challenger_replaces_the_champion(
    make_run: MakeRun, rows: tuple[Row, ...], tmp_path: Path
) -> None:
    """The champion was judged on pictures that it has right, and meets others."""
    easy = pets(tmp_path, "easy")
    _, first = promotion.promote(make_run("easy", turned(easy), is_right=False))
    run = make_run("better", rows)
    decision, second = promotion.promote(run)
    assert decision.reason.startswith("Promoted, being better: 100.00% right against 0.00%")
    assert first != second == store.path_of()[1]
    assert (run.state["state"], run.state["tag"]) == (RELEASED, second)


@pytest.mark.usefixtures("model_store")
def test_a_faster_and_smaller_challenger_that_is_no_worse_replaces_the_champion(
    make_run: MakeRun, tmp_path: Path
) -> None:
    many = pets(tmp_path, of_each=150)
    _, first = promotion.promote(make_run("heavy", many, is_heavy=True))
    decision, second = promotion.promote(make_run("light", many))
    assert re.match(
        r"Promoted, being no worse and (faster|smaller): 100.00% right", decision.reason
    )
    assert first != second == store.path_of()[1]


@pytest.mark.usefixtures("model_store")
def test_the_comparison_is_kept_in_the_run(make_run: MakeRun, rows: tuple[Row, ...]) -> None:
    run = make_run("first", rows)
    decision, champion = promotion.promote(run)
    alone = comparison.read(run)
    assert alone
    assert (alone.champion, alone.n, alone.challenger_accuracy.n) == (None, 24, 24)
    assert (alone.is_promoted, alone.reason) == (True, decision.reason)
    run = make_run("second", rows, is_right=False)
    decision, _ = promotion.promote(run)
    kept = comparison.read(run)
    assert kept
    assert (kept.champion, kept.n, kept.won, kept.lost, kept.both_right) == (champion, 24, 0, 24, 0)
    assert kept.of_each == {"cat": 12, "dog": 12}
    assert kept.challenger_rejected
    assert kept.challenger_rejected.n == 3
    assert min(kept.champion_pictures_per_s or 0, kept.challenger_pictures_per_s or 0) > 0
    sizes = [
        sum((folder / name).stat().st_size for name in ("model.xml", "model.bin"))
        for folder in (store.path_of()[0], run.artifact)
    ]
    assert [kept.champion_bytes, kept.challenger_bytes] == sizes
    assert (kept.is_promoted, kept.reason) == (False, decision.reason)


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
def test_a_champion_rolled_back_to_is_the_one_to_beat(
    make_run: MakeRun, rows: tuple[Row, ...], tmp_path: Path
) -> None:
    easy = pets(tmp_path, "easy")
    _, first = promotion.promote(make_run("easy", turned(easy), is_right=False))
    promotion.promote(make_run("better", rows))
    rollback.roll_back()
    decision, _ = promotion.promote(make_run("again", rows))
    assert f"100.00% right against 0.00% of {first}" in decision.reason


@pytest.mark.usefixtures("model_store")
@pytest.mark.parametrize("name", ["model.bin", "model.xml", "card.json"])
def test_with_a_damaged_champion_nothing_is_decided_and_it_stays(
    make_run: MakeRun, rows: tuple[Row, ...], name: str
) -> None:
    _, champion = promotion.promote(make_run("first", rows))
    with (store.path_of()[0] / name).open("ab") as file:
        file.write(b"more")
    run = make_run("second", rows)
    with pytest.raises(
        TrainingError, match=f"{champion}, the model in service, cannot be compared"
    ):
        promotion.promote(run)
    assert run.state["state"] == "trained", "so that the same command tries again"
    assert comparison.read(run) is None
    assert store.path_of()[1] == champion


@pytest.mark.usefixtures("model_store")
def test_a_champion_without_its_description_is_not_taken_for_none(
    make_run: MakeRun, rows: tuple[Row, ...]
) -> None:
    _, champion = promotion.promote(make_run("first", rows))
    (store.path_of()[0] / "model.yaml").unlink()
    with pytest.raises(store.StoreError, match="cannot be had from the store"):
        promotion.promote(make_run("second", rows))
    assert store.in_service() == champion


@pytest.mark.usefixtures("model_store")
def test_pictures_that_the_champion_was_trained_on_do_not_count(
    make_run: MakeRun, tmp_path: Path
) -> None:
    """Where the champion is right, it has seen the pictures; on the others it is not."""
    known, extra, new = pets(tmp_path), pets(tmp_path, "extra"), turned(pets(tmp_path, "new"))
    listed = [r.sha256 for r in known]
    promotion.promote(make_run("champion", (*known, *extra), trained_on=listed))
    run = make_run("challenger", known + new, is_right=False)
    decision, _ = promotion.promote(run)
    assert "100.00% right against 0.00%" in decision.reason
    assert "on the same 24 test pictures" in decision.reason
    kept = comparison.read(run)
    assert kept
    assert kept.seen == 24


@pytest.mark.usefixtures("model_store")
def test_without_a_picture_that_is_new_to_the_champion_nothing_is_promoted(
    make_run: MakeRun, rows: tuple[Row, ...]
) -> None:
    promotion.promote(make_run("champion", rows, trained_on=[r.sha256 for r in rows]))
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
    judged = promotion.score(OpenVinoEngine(run.artifact, card.precision), rows, "Test")
    assert judged.scores.logits.argmax(1).tolist() == [0, 0]
    found = promotion.contestant(judged, card, 1)
    assert found.right.tolist() == [False, True]
    assert found.rejected.tolist() == []


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


@pytest.mark.usefixtures("model_store")
def test_a_promotion_that_was_cut_off_before_it_was_written_down_is_written_down_later(
    make_run: MakeRun, rows: tuple[Row, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    run = make_run("first", rows)

    def killed(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(Run, "record", killed)
        with pytest.raises(KeyboardInterrupt):
            promotion.promote(run)
    champion = store.path_of()[1]
    assert run.state["state"] == "trained"
    found = promotion.unrecorded(run)
    assert found
    assert found[0].reason.startswith("Promoted: no model was in service before")
    assert found[1] == champion == run.state["tag"]
    assert run.state["state"] == RELEASED


@pytest.mark.usefixtures("model_store")
def test_what_was_never_promoted_or_is_another_runs_has_nothing_to_write_down(
    make_run: MakeRun, rows: tuple[Row, ...]
) -> None:
    refused = make_run("refused", rows, is_right=False)
    promotion.promote(refused)
    promotion.promote(make_run("first", rows))
    assert promotion.unrecorded(refused) is None
    assert promotion.unrecorded(make_run("second", rows)) is None


@pytest.mark.usefixtures("model_store")
def test_a_model_that_was_promoted_meanwhile_is_not_replaced_unseen(
    make_run: MakeRun, rows: tuple[Row, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    run, other = make_run("first", rows), make_run("other", rows)
    save = comparison.save

    def save_and_promote_another(*args: object) -> None:
        save(*args)  # type: ignore[arg-type]  # handed on as they came
        store.add(other.artifact)

    monkeypatch.setattr(comparison, "save", save_and_promote_another)
    with pytest.raises(store.StoreError, match="is in service by now"):
        promotion.promote(run)
    assert run.state["state"] == "trained"
    assert promotion.unrecorded(run) is None
