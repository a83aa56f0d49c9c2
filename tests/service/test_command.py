"""python -m service: the answers of the server, without one."""

import json
from pathlib import Path

import httpx
import pytest

from service.settings import table
from tests import pictures
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


def test_settings_are_listed_with_their_defaults(tmp_path: Path) -> None:
    done = run(tmp_path, "service", "settings")
    assert done.returncode == 0
    assert done.stdout.strip() == table().strip()
