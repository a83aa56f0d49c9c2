"""What users get wrong: a sentence that says what to do, no half-written model, no lost one."""

from collections.abc import Callable
from pathlib import Path

import pytest
import torch

from tests.training.conftest import Finished, save_picture
from training import fit, launch
from training.__main__ import main

# In this process Lightning's and jsonargparse's advice to each other would be errors.
pytestmark = pytest.mark.filterwarnings("ignore")

Clone = Callable[[Finished], Finished]
DEFAULTS = Path("training/configs/default.yaml")


def folder_of(tmp_path: Path, cats: int, dogs: int) -> Path:
    """A folder with so many pictures."""
    for label, count in (("cat", cats), ("dog", dogs)):
        for i in range(count):
            save_picture(tmp_path / "mine" / label / f"{i}.png", label, i)
    return tmp_path / "mine"


def test_too_few_pictures_of_a_class_are_counted(
    tmp_path: Path, fit_words: tuple[str, ...], refused: Callable[..., str]
) -> None:
    folder = folder_of(tmp_path, cats=12, dogs=9)
    error = refused([*fit_words[1:], "--data.source", str(folder)])
    assert f"Too few pictures in {folder}: 12 of cat and 9 of dog" in error
    assert "at least 10 of each are needed. Add pictures." in error


def test_a_folder_without_dogs_is_refused(
    tmp_path: Path, fit_words: tuple[str, ...], refused: Callable[..., str]
) -> None:
    folder = folder_of(tmp_path, cats=12, dogs=0)
    error = refused([*fit_words[1:], "--data.source", str(folder)])
    assert error.startswith(f"Error: No dogs in {folder}")


def test_a_home_that_is_not_there_is_named(
    fit_words: tuple[str, ...], refused: Callable[..., str]
) -> None:
    error = refused([*fit_words[1:], "--data.source", "~nobody-is-called-this/pets"])
    assert "'~nobody-is-called-this/pets' begins with a home" in error


@pytest.mark.parametrize(
    ("words", "named"),
    [
        (["--model.learnin_rate", "1"], "--model.learnin_rate"),
        (["--data.batch_size", "many"], "\"data.batch_size\": Expected a <class 'int'>"),
        (["--config", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_a_wrong_word_on_the_command_line_is_named(
    fit_words: tuple[str, ...], refused: Callable[..., str], words: list[str], named: str
) -> None:
    error = refused([*fit_words[1:], *words], status=2)
    assert named in error
    assert "`python -m training fit --help` lists every key" in error


@pytest.mark.parametrize(
    ("line", "becomes", "named"),
    [
        ("  min_area: 0.4", "  min_arae: 0.4", "data.min_arae"),
        ("patience: 3", "patients: 3", "patients"),
        ("  learning_rate: 1.0e-4", "  learning_rate: fast", "model.learning_rate"),
        ("data:", "data: [", "Problems parsing config"),
    ],
)
def test_a_wrong_line_in_a_config_is_named(
    tmp_path: Path, refused: Callable[..., str], line: str, becomes: str, named: str
) -> None:
    text = DEFAULTS.read_text()
    assert f"\n{line}\n" in text
    config = tmp_path / "mine.yaml"
    config.write_text(text.replace(f"\n{line}\n", f"\n{becomes}\n"))
    error = refused(["fit", "--config", str(config)], status=2)
    assert named in error
    assert str(DEFAULTS) in error


def test_a_value_that_makes_no_sense_is_answered_with_those_that_do(
    fit_words: tuple[str, ...], refused: Callable[..., str]
) -> None:
    error = refused([*fit_words[1:], "--data.batch_size", "0"])
    assert error == "Error: data.batch_size is 0; it must be at least 1."


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--data.workers", "-1"], "data.workers is -1; it must be 0 or more."),
        (["--timeout_s", "0"], "timeout_s is 0; it must be at least 1."),
        (
            ["--trainer.devices", "9"],
            "data.batch_size is 8, for all processes together; it must be at least 1 for each "
            "of 9.",
        ),
    ],
)
def test_for_several_processes_it_is_told_once_before_they_are_started(
    fit_words: tuple[str, ...],
    refused: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    words: list[str],
    told: str,
) -> None:
    monkeypatch.delattr(launch, "run")
    assert refused([*fit_words[1:], "--trainer.devices", "2", *words]) == f"Error: {told}"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["--trainer.accelerator", "cdua"], "invalid accelerator name: `accelerator='cdua'`"),
        (["--trainer.max_epochs", "-5"], "`max_epochs` must be a non-negative integer or -1"),
        (["--trainer.num_nodes", "0"], "`num_nodes` must be a positive integer, but got 0"),
        (["--trainer.limit_train_batches", "2.5"], "invalid value 2.5 for limit_train_batches"),
        (["--seed_everything", "-3"], "seed_everything is -3; it must be 0 to 4294967295."),
    ],
)
def test_what_lightning_refuses_is_told_in_a_sentence(
    fit_words: tuple[str, ...], refused: Callable[..., str], words: list[str], told: str
) -> None:
    assert told in refused([*fit_words[1:], *words])


def test_other_errors_of_a_trainers_making_are_not_taken_for_its_settings(
    fit_words: tuple[str, ...], monkeypatch: pytest.MonkeyPatch
) -> None:
    def slip(*_: object, **__: object) -> None:
        raise ValueError("a slip of ours")

    monkeypatch.setattr(fit.PictureProgress, "__init__", slip)
    with pytest.raises(ValueError, match="a slip of ours"):
        main(list(fit_words[1:]))


def test_a_config_that_is_no_utf_8_is_told_so(tmp_path: Path, refused: Callable[..., str]) -> None:
    config = tmp_path / "mine.yaml"
    config.write_bytes(DEFAULTS.read_bytes() + "# d'été\n".encode("latin-1"))
    assert "The file of --config is no UTF-8" in refused(["fit", "--config", str(config)])


@pytest.mark.parametrize(
    ("saved", "told"),
    [
        ({"model": {}, "state_dict": {}}, "lacks catdog, loops, pytorch-lightning_version."),
        (None, "No such file or directory"),
        (b"no checkpoint", "it cannot be read"),
    ],
    ids=["another program's", "none", "text"],
)
def test_a_checkpoint_that_is_not_ours_is_refused(
    tmp_path: Path,
    fit_words: tuple[str, ...],
    refused: Callable[..., str],
    saved: dict[str, object] | bytes | None,
    told: str,
) -> None:
    path = tmp_path / "other.ckpt"
    if isinstance(saved, bytes):
        path.write_bytes(saved)
    elif saved is not None:
        torch.save(saved, path)
    error = refused([*fit_words[1:], "--ckpt_path", str(path)])
    assert f"ckpt_path is {path}, which is no checkpoint of ours" in error
    assert told in error


@pytest.mark.parametrize("word", ["exclude", "relabel", "previous"])
def test_a_list_in_ones_home_is_looked_for_there(
    tmp_path: Path,
    fit_words: tuple[str, ...],
    refused: Callable[..., str],
    monkeypatch: pytest.MonkeyPatch,
    word: str,
) -> None:
    monkeypatch.setenv("HOME", str(tmp_path))
    assert f"{tmp_path}/gone.csv" in refused([*fit_words[1:], f"--data.{word}", "~/gone.csv"])


def test_settings_that_train_nothing_are_refused(
    fit_words: tuple[str, ...], refused: Callable[..., str]
) -> None:
    error = refused([*fit_words[1:], "--trainer.max_epochs", "0"])
    assert "Nothing was trained" in error
    assert "--trainer.max_epochs" in error
