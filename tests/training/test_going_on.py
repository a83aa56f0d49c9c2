"""How an interrupted run goes on: from which network, after which epoch, and whether at all."""

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
import torch

from data.manifest import Manifest
from data.picture import TEST, TRAIN
from tests.training.conftest import Finished
from tests.training.holding import held_by_another
from training import checkpoints, weights
from training import run as runs
from training.__main__ import main
from training.checkpoints import Reached, WholeCheckpoints
from training.module import CatDog

# In this process Lightning's and jsonargparse's advice to each other would be errors.
pytestmark = pytest.mark.filterwarnings("ignore")

STEPS_AN_EPOCH = 4  # 26 training pictures in batches of 8
IN_PROCESS = ("--data.workers", "0")  # no seconds for workers to start


def test_a_run_goes_on_without_imagenet_weights(
    fitted: Finished,
    clone_of: Callable[[Finished], Finished],
    fit_words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Killed after its last epoch, before it could say that it was trained."""
    (run,) = clone_of(fitted).home.runs
    run.record(state="started")
    monkeypatch.setenv("CATDOG_RUNS", str(run.folder.parent))
    monkeypatch.delattr(weights, "load")
    assert main(list(fit_words[1:])) == 0
    assert run.state["state"] == "trained"
    assert [each.folder for each in runs.newest_first()] == [run.folder]


def test_a_network_goes_on_as_the_one_it_was_whatever_weights_are_in_reach_now() -> None:
    """npm's stride in another place than torchvision's, under the same names and shapes."""
    torch.manual_seed(3)
    begun, resumed = CatDog("resnet50"), CatDog("resnet50")
    begun.build("npm", stride_in_1x1=True)
    resumed.build("torchvision", stride_in_1x1=False)
    checkpoint = {"state_dict": begun.state_dict()}
    begun.on_save_checkpoint(checkpoint)
    resumed.on_load_checkpoint(checkpoint)
    resumed.load_state_dict(checkpoint["state_dict"])
    pixels = torch.randint(0, 256, (2, 64, 64, 3), dtype=torch.uint8)
    with torch.no_grad():
        assert torch.equal(resumed.logit(pixels), begun.logit(pixels))
    assert resumed.origin == "npm"


@pytest.mark.parametrize(
    "when",
    [("--trainer.val_check_interval", "0.5"), ("--trainer.check_val_every_n_epoch", "2")],
    ids=["twice an epoch", "every other epoch"],
)
def test_each_whole_epoch_is_kept_and_no_part_of_one_whenever_it_validates(
    fit_words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch, when: tuple[str, str]
) -> None:
    save = WholeCheckpoints.save_checkpoint
    saved = []

    def save_checkpoint(
        self: WholeCheckpoints, checkpoint: dict[str, object], path: Path, **rest: object
    ) -> None:
        save(self, checkpoint, path, **rest)
        if Path(path).name == "last.ckpt":
            saved.append(checkpoints.reached(Path(path)))

    monkeypatch.setattr(WholeCheckpoints, "save_checkpoint", save_checkpoint)
    assert main([*fit_words[1:], *IN_PROCESS, *when]) == 0
    assert saved == [Reached(1, STEPS_AN_EPOCH), Reached(2, 2 * STEPS_AN_EPOCH)]


def test_a_run_that_had_stopped_early_trains_no_further(
    fit_words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    """It gains nothing, so the second of three epochs is its last; then it cannot say so."""
    words = [*fit_words[1:], *IN_PROCESS, "--trainer.max_epochs", "3"]
    words += ["--patience", "1", "--model.learning_rate", "1e-30"]

    def interrupted(_: runs.Run) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patched:
        patched.setattr(runs.Run, "record_trained", interrupted)
        assert main(words) == 130
    (run,) = runs.newest_first()
    assert checkpoints.reached(run.last) == Reached(2, 2 * STEPS_AN_EPOCH)
    assert main(words) == 0
    assert checkpoints.reached(run.last) == Reached(2, 2 * STEPS_AN_EPOCH)
    assert run.state["state"] == "trained"


@pytest.mark.parametrize("command", ["fit", "release"])
def test_a_run_that_another_process_has_is_left_to_it(
    fitted: Finished,
    clone_of: Callable[[Finished], Finished],
    fit_words: tuple[str, ...],
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
    command: str,
) -> None:
    (run,) = clone_of(fitted).home.runs
    if command == "fit":
        run.record(state="started")
    monkeypatch.setenv("CATDOG_RUNS", str(run.folder.parent))
    words = list(fit_words[1:]) if command == "fit" else ["release"]
    with held_by_another(run):
        assert main(words) == 1
    assert "Another process is at work on" in capsys.readouterr().err


def test_pictures_keep_the_part_that_an_earlier_run_gave_them(
    fitted: Finished, clone_of: Callable[[Finished], Finished], fit_words: tuple[str, ...]
) -> None:
    """Two cats whose parts are exchanged, as no rule of ours would have them."""
    home = clone_of(fitted).home
    (first,) = home.runs
    rows = list(Manifest.load(first.manifest).rows)
    cats = {row.split: i for i, row in enumerate(rows) if row.label == "cat"}
    for part, other in ((TRAIN, TEST), (TEST, TRAIN)):
        rows[cats[part]] = replace(rows[cats[part]], split=other)
    Manifest(tuple(rows)).save(first.manifest)
    home.succeed(*fit_words, "--resume", "false", "--trainer.max_epochs", "1")
    (second,) = (run for run in home.runs if run.folder != first.folder)
    assert Manifest.load(second.manifest).rows == tuple(rows)
