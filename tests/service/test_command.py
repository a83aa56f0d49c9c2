"""python -m service: the answers of the server, without one."""

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import httpx
import pytest

from service.settings import table
from tests import pictures
from tests.live_server import REPOSITORY, environment
from tests.pictures import BLUE, RED
from tests.service.command import run


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Good and bad picture files."""
    (tmp_path / "red.jpg").write_bytes(pictures.plain(RED, "JPEG"))
    (tmp_path / "blue.png").write_bytes(pictures.plain(BLUE))
    (tmp_path / "text.jpg").write_text("hello")
    (tmp_path / "half.jpg").write_bytes(pictures.truncated_jpeg())
    (tmp_path / "empty.jpg").touch()
    return tmp_path


def test_answers_are_those_of_the_server(
    bentoml_home: Path, client: httpx.Client, folder: Path
) -> None:
    paths = sorted(folder.iterdir())
    files = [("image", (str(path), path.read_bytes())) for path in paths]
    done = run(bentoml_home, "service", "predict", "--json", *paths)
    assert json.loads(done.stdout) == client.post("/predict/batch", files=files).json()
    assert done.returncode == 1, "some pictures are bad"


def test_good_pictures_give_a_line_each_and_status_0(bentoml_home: Path, folder: Path) -> None:
    done = run(bentoml_home, "service", "predict", folder / "red.jpg", folder / "blue.png")
    assert (done.returncode, done.stderr) == (0, "")
    red, blue = done.stdout.splitlines()
    assert ": cat 0." in red
    assert ": dog 0." in blue


def test_bad_picture_is_told_on_stderr_and_costs_its_neighbours_nothing(
    bentoml_home: Path, folder: Path
) -> None:
    names = ["half.jpg", "gone.jpg", "red.jpg"]
    done = run(bentoml_home, "service", "predict", *(folder / name for name in names))
    assert done.returncode == 1
    assert "truncated or damaged" in done.stderr
    assert "gone.jpg: The file cannot be read: No such file or directory." in done.stderr
    assert ": cat 0." in done.stdout


def test_more_pictures_than_a_batch_are_all_answered_in_order(
    bentoml_home: Path, folder: Path
) -> None:
    names = ["red.jpg", "blue.png", "red.jpg"] * 12
    done = run(bentoml_home, "service", "predict", *(folder / name for name in names))
    labels = [line.rpartition(": ")[2].split()[0] for line in done.stdout.splitlines()]
    assert labels == ["cat", "dog", "cat"] * 12


def test_model_prints_the_exact_tag(bentoml_home: Path) -> None:
    done = run(bentoml_home, "service", "model")
    assert done.stdout.startswith("catdog:")
    assert "latest" not in done.stdout


@pytest.mark.parametrize(("arguments", "status"), [(("model",), 3), (("predict", "a.jpg"), 1)])
def test_without_a_model_it_says_what_to_run(
    tmp_path: Path, arguments: tuple[str, ...], status: int
) -> None:
    done = run(tmp_path, "service", *arguments)
    assert (done.returncode, done.stdout) == (status, "")
    assert "Run `make train`" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("words", [("model",), ("predict", "a.jpg")])
def test_the_model_that_the_environment_names_is_meant(
    bentoml_home: Path, words: tuple[str, ...]
) -> None:
    """No status 3, which would have `make serve` train a model, though there is one."""
    done = run(bentoml_home, "service", *words, CATDOG_MODEL="catdog:none")
    assert (done.returncode, done.stdout) == (1, "")
    assert done.stderr.startswith("Error: No model 'catdog:none' has been promoted.")


def test_the_model_that_the_command_line_names_comes_first(bentoml_home: Path) -> None:
    words = ("service", "model", "--model", "catdog:latest")
    done = run(bentoml_home, *words, CATDOG_MODEL="catdog:none")
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize(
    ("words", "come_to"),
    [((), "predict a.jpg"), (("MODEL=catdog:old",), "predict --model catdog:old a.jpg")],
)
def test_make_names_a_model_only_where_the_user_did(words: tuple[str, ...], come_to: str) -> None:
    made = ("make", "predict", "IMAGES=a.jpg", "TRAIN_SET=", "PY=echo", *words)
    bare = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL", "MODEL")}
    done = subprocess.run(made, cwd=REPOSITORY, env=bare, capture_output=True, text=True)
    assert done.stdout.split() == ["-m", "service", *come_to.split()]


@pytest.mark.parametrize(
    ("name", "encoding"),
    [(b"lat\xe9.png", "utf-8:strict"), ("lat\xe9.png".encode(), "ascii:strict")],
)
def test_a_name_that_stdout_cannot_take_costs_no_answer(
    bentoml_home: Path, tmp_path: Path, name: bytes, encoding: str
) -> None:
    path = Path(os.fsdecode(os.fsencode(tmp_path / "") + b"/" + name))
    path.write_bytes(pictures.plain(RED))
    done = run(bentoml_home, "service", "predict", path, PYTHONIOENCODING=encoding)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.startswith(f"{tmp_path}/lat\\xe9.png: cat 0.")
    done = run(bentoml_home, "service", "predict", "--json", path, PYTHONIOENCODING=encoding)
    (found,) = json.loads(done.stdout)["predictions"]
    is_utf_8 = encoding == "ascii:strict"
    assert found["name"] == (str(path) if is_utf_8 else f"{tmp_path}/lat\\xe9.png")


def test_a_reader_that_has_enough_ends_it_without_a_word(bentoml_home: Path, folder: Path) -> None:
    reading, writing = os.pipe()
    os.close(reading)
    done = subprocess.run(
        [sys.executable, "-m", "service", "predict", folder / "red.jpg"],
        cwd=REPOSITORY,
        env=environment(bentoml_home),
        stdout=writing,
        stderr=subprocess.PIPE,
    )
    os.close(writing)
    assert (done.returncode, done.stderr) == (-signal.SIGPIPE, b"")


@pytest.mark.usefixtures("heeds_ctrl_c")
def test_ctrl_c_ends_it_with_a_word(bentoml_home: Path, tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "endless.jpg")
    process = subprocess.Popen(
        [sys.executable, "-m", "service", "predict", tmp_path / "endless.jpg"],
        cwd=REPOSITORY,
        env=environment(bentoml_home),
        stderr=subprocess.PIPE,
    )
    with (tmp_path / "endless.jpg").open("wb"):  # waits until it reads there
        process.send_signal(signal.SIGINT)
        _, said = process.communicate(timeout=60)
    assert (process.returncode, said) == (130, b"\nInterrupted.\n")


def test_settings_are_listed_with_their_defaults(tmp_path: Path) -> None:
    done = run(tmp_path, "service", "settings")
    assert done.returncode == 0
    assert done.stdout.strip() == table().strip()
